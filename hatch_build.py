"""Compiles melodyrnn/inference/kernel.c, the inner loops of composing, when melodyrnn is installed, or by hand.

    pip install .            compiles on the way; without a compiler the wheel is one for every system
    python hatch_build.py    compiles beside the sources, for a working copy

Without a compiler everything works in NumPy; composing takes up to twice as long.

Contents: build, KernelHook (what hatchling calls).
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # by hand, outside a build
    BuildHookInterface = object

ROOT = Path(__file__).resolve().parent
SOURCE = ROOT / "melodyrnn" / "inference" / "kernel.c"
COMPILERS = ("cc", "gcc", "clang")
# Sums stay in the order they are written in; left out is only what keeps simple loops from using vectors.
FLAGS = (
    "-O3",
    "-std=gnu11",
    "-fPIC",
    "-shared",
    "-fno-fast-math",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-signed-zeros",
)
X86 = ("-mavx2", "-mfma", "-mf16c")  # every x86-64 since 2013; where they are missing the library is not used
PATIENCE = 120  # seconds


def build(source: Path = SOURCE, library: Path | None = None) -> str:
    """Compile; the library is there whole or not at all. Returns why there is none, or nothing if there is one."""
    library = library or source.with_suffix(".so")
    beside = library.with_suffix(f".{os.getpid()}.tmp")
    try:
        why_not = _build(source, beside)
        if not why_not:
            beside.replace(library)  # not written over: programs that run may have the old one in memory
            return ""
        library.unlink(missing_ok=True)  # it was built from something else
    except OSError as error:
        why_not = str(error)
    finally:
        beside.unlink(missing_ok=True)
    return why_not


def _build(source: Path, library: Path) -> str:
    if os.name != "posix":
        return f"it has not been tried on {platform.system()}"
    try:
        compiler = _compiler()
    except ValueError as error:
        return f"CC={os.environ['CC']} cannot be read: {error}"
    if not compiler:
        return f"no compiler was found ({', '.join(COMPILERS)}; CC names another)"
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    machine = X86 if platform.machine() in {"x86_64", "AMD64"} else ()
    command = [*compiler, *FLAGS, *machine, f'-DSOURCE="{digest}"', str(source), "-o", str(library), "-lm"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or b""
        return f"{error}\n{said.decode(errors='replace')}".strip()
    return _tried(library, digest)


def _tried(library: Path, digest: str) -> str:
    """Why a library that was built cannot be used here, or nothing if it can."""
    try:
        loaded = ctypes.CDLL(str(library))
        if ctypes.c_char_p.in_dll(loaded, "source").value == digest.encode() and loaded.usable():
            return ""
    except (OSError, ValueError) as error:
        return f"what was compiled cannot be loaded: {error}"
    return "what was compiled cannot be used on this processor"


def _compiler() -> list[str]:
    """The command of a C compiler, or nothing. Raises ValueError for a CC with an open quote."""
    named = shlex.split(os.environ.get("CC", ""))
    return named or next(([found] for name in COMPILERS if (found := shutil.which(name))), [])


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
        build_data["force_include"][str(library)] = f"melodyrnn/inference/{library.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - as above
        """Called when the wheel is packed."""
        if self._room is not None:
            self._room.cleanup()


if __name__ == "__main__":
    sys.exit(build() or None)
