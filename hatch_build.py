"""What happens when a wheel of melodyrnn is built, as pip does: the inner loops of composing are compiled.

Without a compiler the wheel is one for every system, and composes in NumPy.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent))
from build_kernel import SOURCE, build  # a build imports from nowhere else


class KernelHook(BuildHookInterface):  # type: ignore[misc, type-arg]
    """Compiles kernel.c and takes the library into the wheel."""

    _room: tempfile.TemporaryDirectory[str] | None = None  # where sources that are only lent are compiled

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Called before a wheel is packed, an editable one too."""
        library = SOURCE.with_suffix(".so")
        if not os.access(SOURCE.parent, os.W_OK):
            self._room = tempfile.TemporaryDirectory(prefix="melodyrnn-")
            library = Path(self._room.name) / library.name
        if why_not := build(SOURCE, library):
            self.app.display_warning(f"melodyrnn composes in NumPy, which takes up to twice as long, since {why_not}")
            return
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"], build_data["tag"] = False, f"py3-none-{platform}"
        build_data["force_include"][str(library)] = f"melodyrnn/compose/{library.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - as above
        """Called when the wheel is packed."""
        if self._room is not None:
            self._room.cleanup()
