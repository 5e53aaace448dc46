"""The shape of the package: which room may import which, and where the heavy libraries live."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import melodyrnn

PACKAGE = Path(melodyrnn.__file__).parent

# room → rooms it may import; the arrows of docs/architecture.md. Lazy and typing imports count too.
ARROWS = {
    "errors": set(),
    "processes": set(),
    "durable": set(),
    "music": {"errors"},
    "formats": {"errors", "music"},
    "events": {"errors", "music"},
    "checkpoint": {"errors", "durable", "events"},
    "corpus": {"errors", "processes", "durable", "music", "formats", "events"},
    "learn": {"errors", "music", "events", "corpus", "checkpoint"},
    "compose": {"errors", "processes", "music", "formats", "events", "checkpoint"},
    "judge": {"errors", "processes", "music", "events", "corpus", "checkpoint", "compose", "learn"},
    "cli": {
        "errors",
        "processes",
        "durable",
        "music",
        "formats",
        "events",
        "corpus",
        "checkpoint",
        "compose",
        "learn",
        "judge",
    },
}
HOMES = {
    "torch": ("learn/",),
    "music21": ("formats/notation/music21_reader.py",),
    "pretty_midi": ("formats/midi/",),
    "mido": (),
    "typer": ("cli/",),
    "rich": ("cli/",),
    "matplotlib": ("cli/", "judge/"),
}
FILES = sorted(
    p
    for p in PACKAGE.rglob("*.py")
    if p.relative_to(PACKAGE).parts[0] not in {"__init__.py", "__main__.py", "_version.py"}
)


def room(path: Path) -> str:
    """The room a file stands in; checkpoint/card.py belongs to the room checkpoint."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py").split("_")[0] if first.endswith(".py") else first


def imports(path: Path) -> set[str]:
    """Full dotted names that a file imports, lazily or for types too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_there_are_files_to_check():
    """An empty list of files would make every check below pass."""
    assert len(FILES) > 30


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_follow_the_arrows(path):
    """A room imports only rooms its arrows lead to."""
    inner = {name.split(".")[1].split("_")[0] for name in imports(path) if name.startswith("melodyrnn.")}
    inner &= set(ARROWS)
    assert inner - {room(path)} <= ARROWS[room(path)]


def test_no_import_leads_back():
    """Files can be read one after another, each after all that it imports."""
    files = {"melodyrnn." + ".".join(p.relative_to(PACKAGE).with_suffix("").parts): p for p in FILES}
    graph = {
        name: {cut for full in imports(path) for cut in (full, full.rpartition(".")[0]) if cut in files} - {name}
        for name, path in files.items()
    }
    TopologicalSorter(graph).prepare()  # a circle is an error that names its files


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_libraries_stay_at_home(path):
    """Each heavy library is imported in its own room only."""
    where = path.relative_to(PACKAGE).as_posix()
    for name in {name.split(".")[0] for name in imports(path)} & set(HOMES):
        assert where.startswith(HOMES[name]), f"{name} does not live in {where}"


def test_every_file_has_a_room():
    """No module lives outside the design."""
    assert {room(p) for p in FILES} <= set(ARROWS)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_stay_small_enough_to_read(path):
    """A file over 350 lines is two rooms; most stay under 250."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350


def test_the_library_never_prints_and_never_unpickles():
    """No print outside the terminal layer; no pickle, torch.load or allow_pickle anywhere."""
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert "torch.load" not in calls
        assert not {"pickle", "dill", "cloudpickle", "joblib"} & {n.split(".")[0] for n in imports(path)}
        if room(path) != "cli":
            assert "print" not in calls, path


@pytest.mark.parametrize("module", ["melodyrnn", "melodyrnn.cli", "melodyrnn.compose.generate"])
def test_nothing_slow_is_imported_on_the_way_to_a_melody(module):
    """Composing waits neither for torch nor for the libraries of scores and plots."""
    slow = {"torch", "music21", "pretty_midi", "matplotlib", "symusic"}
    code = f"import sys, {module}; print(*{slow} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == ""
