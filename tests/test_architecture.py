"""The shape of the package: which room may import which, and where the heavy libraries live."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import melodyrnn

PACKAGE = Path(melodyrnn.__file__).parent

# room → rooms it may import; the arrows of docs/architecture.md. Lazy and typing imports count too.
ARROWS = {
    "_version": set(),
    "errors": set(),
    "system": {"errors"},
    "music": {"errors"},
    "formats": {"errors", "music"},
    "events": {"errors", "music"},
    "corpus": {"errors", "system", "music", "formats", "events"},
    "checkpoint": {"errors", "system", "events"},
    "training": {"errors", "_version", "system", "events", "corpus", "checkpoint"},
    "inference": {"errors", "music", "events", "checkpoint"},
    "constraints": {"errors", "music", "events", "checkpoint", "inference"},
    "controls": {"errors", "music", "events", "checkpoint", "inference", "constraints"},
    "compose": {
        "errors", "_version", "system", "music", "formats", "events", "checkpoint", "inference", "constraints",
        "controls",
    },
    "evaluation": {
        "errors", "system", "music", "formats", "events", "corpus", "checkpoint", "training", "inference", "controls",
        "compose",
    },
}  # fmt: skip
ARROWS["live"] = {"errors", "system", "music", "formats", "controls", "compose"}
ARROWS["cli"] = set(ARROWS)
HOMES = {
    "torch": ("training/",),
    "music21": ("formats/notation/music21_reader.py",),
    "pretty_midi": ("formats/midi/",),
    "mido": ("live/ports.py",),
    "typer": ("cli/",),
    "rich": ("cli/",),
    "matplotlib": ("cli/", "formats/engraving/"),
    "midirenderer": ("formats/audio/",),
    "soundfile": ("formats/audio/",),
    "miniaudio": ("live/",),
}
MOST_FILES = 16  # of a folder
MOST_LINES = 400  # of a file; most have 80 to 350
FILES = sorted(
    p for p in PACKAGE.rglob("*.py") if p.relative_to(PACKAGE).parts[0] not in {"__init__.py", "__main__.py"}
)


def room(path: Path) -> str:
    """The room a file stands in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


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
    inner = {name.split(".")[1] for name in imports(path) if name.startswith("melodyrnn.")} & set(ARROWS)
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
    """A longer file is two subjects."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("folder", sorted({p.parent for p in FILES}), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_folder_is_seen_at_a_glance(folder):
    """A room with more files wants rooms of its own."""
    assert len(list(folder.glob("*.py"))) <= MOST_FILES


def functions() -> Iterator[tuple[Path, ast.FunctionDef]]:
    """Every function of the package."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield path, node


def test_functions_are_short():
    """No function has over 60 lines but commands, whose signatures are their options."""
    long = [f"{path}: {f.name}" for path, f in functions() if f.end_lineno - f.lineno >= 60]
    assert [name for name in long if not name.endswith("_command")] == []


def test_imports_stand_at_the_top():
    """Within functions stand those alone that nobody shall wait for."""
    within = [node for _, f in functions() for node in ast.walk(f) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert len(within) <= 153


def test_a_public_name_has_one_meaning():
    """No two modules define the same public name."""
    homes: dict[str, list[Path]] = {}
    for path in FILES:
        for name in {*public_names(path)}:
            homes.setdefault(name, []).append(path)
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


def public_names(path: Path) -> Iterator[str]:
    """Functions, classes and constants that a module defines without an underscore."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = [node] if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
        targets += (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        names = (getattr(target, "name", None) or getattr(target, "id", "_") for target in targets)
        yield from (name for name in names if not name.startswith("_"))


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
