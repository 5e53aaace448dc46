"""What follows from the list of controls: nothing else names them, and what is generated is up to date."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import melodyrnn
from bench import manual
from melodyrnn.controls import CONTROLS, every

ROOT = Path(melodyrnn.__file__).parent
OURS = {name for name in every() if "_" in name}
"""Names that are no words of music in general."""


def modules():
    """Files outside controls/."""
    return [path for path in ROOT.rglob("*.py") if "controls" not in path.relative_to(ROOT).parts]


def named(tree):
    """Where a tree speaks of a control: its option, its keyword, its value. What is asked for by `Options(...)` may."""
    asked = {id(word) for call in ast.walk(tree) if isinstance(call, ast.Call) for word in call.keywords}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            own = {"--bars", "--loop", "--seed"}  # infill's, a conversion's, a division's
            spelt = {control.option.name for control in CONTROLS} - own
            if node.value in OURS | {name.replace("_", "-") for name in OURS} | spelt:
                yield node.value
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "options":
            if node.attr in every():
                yield f"options.{node.attr}"
        elif (isinstance(node, ast.keyword) and node.arg in OURS and id(node) not in asked) or (
            isinstance(node, ast.arg) and node.arg in OURS
        ):
            yield node.arg


def test_no_module_outside_names_a_control():
    """Options of commands of their own excepted: the bars of infill, the loop of a sound, the seed of a division."""
    found = {str(path.relative_to(ROOT)): set(named(ast.parse(path.read_text()))) for path in modules()}
    assert {path: names for path, names in found.items() if names} == {}


def test_the_list_has_every_control_once():
    """One file each, one line each."""
    files = {path.stem for path in (ROOT / "controls").glob("*/*.py")} - {
        "__init__",
        "length_prior",
        "manners",
        "phrase_prior",
    }
    assert len(every()) == len(CONTROLS)
    assert files == set(every())
    assert len({control.option.short for control in CONTROLS if control.option.short}) == 1


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name())
def test_defaults_can_be_read_back(control):
    """What a recipe keeps, and what the command line gives where nothing is asked for, means the same."""
    assert control.parse(control.default).value == control.default
    assert control.__doc__


def test_what_is_generated_is_up_to_date():
    """`python -m bench.manual --types` and `--controls` have been run since the last change of a control."""
    assert manual.STUB.read_text() == manual.types()
    page = manual.PAGE.read_text()
    assert page == manual.with_table(page)


def test_help_waits_for_no_numpy():
    """Help pages are read often."""
    code = "import sys; from melodyrnn.cli import run; run(['generate', '--help']); sys.exit('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
