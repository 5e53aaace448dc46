"""What `import melodyrnn` gives, and what it does not load."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import melodyrnn


@pytest.mark.parametrize("name", melodyrnn.__all__)
def test_each_public_name_is_there(name):
    """Every name of __all__ can be imported."""
    assert getattr(melodyrnn, name) is not None
    assert name in dir(melodyrnn)


def test_other_names_are_not():
    """A wrong name is an AttributeError, as in any module."""
    with pytest.raises(AttributeError, match=r"^module 'melodyrnn' has no attribute 'nonsense'$"):
        melodyrnn.nonsense  # noqa: B018


def test_import_is_free():
    """`import melodyrnn` loads its version, none of its rooms and none of their libraries."""
    code = "import sys, melodyrnn; print([m for m in sys.modules if m.startswith(('melodyrnn.', 'numpy', 'torch'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['melodyrnn._version']\n"


def test_version_is_that_of_the_project():
    """The package and pyproject.toml say the same version."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    assert melodyrnn.__version__ == project["version"]


def test_old_names_of_modules_are_refused_with_the_new_ones():
    """Who imports what has moved reads where it is, and every place in that table is there."""
    for line in (Path(melodyrnn.__file__).parent / "moved.txt").read_text().splitlines():
        old, new = (f"melodyrnn.{name}" for name in line.split())
        with pytest.raises(ModuleNotFoundError, match=r"^since 0\.2\.0 melodyrnn\.\w"):
            import_module(old)
        with pytest.raises(ModuleNotFoundError, match=f"^since 0.2.0 {old} is {new}$"):
            melodyrnn._Moved.find_spec(old)
        assert import_module(new)


def test_other_names_of_modules_are_not_found_as_in_any_package():
    """Python's own sentence."""
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'melodyrnn\.nonsense'$"):
        import_module("melodyrnn.nonsense")
