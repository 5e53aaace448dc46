"""A format is a row of the registry and a module: nothing else asks for it by name."""

import sys
from types import ModuleType

import pytest

from melodyrnn.cli.io.input import read_melody
from melodyrnn.corpus.reading import read_chords, read_one
from melodyrnn.errors import OptionError, OutputError, Unreadable
from melodyrnn.formats import registry
from melodyrnn.formats.notation.measures import Bar, Heading, Sound, assemble, chords_of_bars
from melodyrnn.formats.notation.music21_reader import read_notation
from melodyrnn.formats.notation.score_reading import reading_of
from melodyrnn.formats.registry import FORMATS, INPUT_FORMATS, Format, format_of
from melodyrnn.formats.writing import Manner, Written, _writer, left_out, refuse_missing, write_as

TOY = Format(
    "toy", (".toy",), (".toy",), begins=(b"TOY",), reader="toy:read_toy", chords="toy:read_toy_chords",
    writer="toy:write_toy", noted=True,
)  # fmt: skip


def toy_bars(raw):
    """A bar of quarters, their pitches after the first word; the chord is Am."""
    _, *pitches = raw.decode().split()
    return [
        Bar(
            tuple(Sound(n, 1, int(pitch)) for n, pitch in enumerate(pitches)),
            len(pitches),
            (4, 4),
            symbols=((0, "Am"),),
        )
    ]


def read_toy(raw, *, name, track, tonic_only, tune, harmony):
    """As the registry wants it."""
    if not raw.startswith(b"TOY"):
        raise Unreadable(name, "not-notation", "no TOY")
    yield reading_of(name, assemble(toy_bars(raw), Heading(name)), None, told=("a toy",))


def read_toy_chords(raw, *, name, track):
    """So are chords."""
    return chords_of_bars(toy_bars(raw), name, f"the symbols of {track}")


def write_toy(written, form, manner):
    """And writers."""
    pitches = [str(note.pitch) for note in written.melody.notes]
    return " ".join([form.upper(), *pitches, *written.symbols.values(), str(manner.depth)]).encode()


@pytest.fixture
def toy(monkeypatch):
    """Put the row in and its module beside the others."""
    module = ModuleType("melodyrnn.formats.toy")
    module.read_toy = read_toy
    module.read_toy_chords = read_toy_chords
    module.write_toy = write_toy
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(registry, "FORMATS", (*FORMATS, TOY))
    monkeypatch.setitem(registry.BY_NAME, "toy", TOY)
    monkeypatch.setitem(INPUT_FORMATS, ".toy", "toy")


class Stdin:
    """A console through which a file comes."""

    def read(self):
        """All of it."""
        return b"TOY 60 62 64 65"


@pytest.mark.usefixtures("toy")
def test_a_new_format_is_a_row_and_a_module(tmp_path):
    """By name in the terminal and from Python, through a pipe by how it begins, and for its chords."""
    path = tmp_path / "a.toy"
    path.write_bytes(b"TOY 60 62 64 65")
    for found in (read_melody(None, str(path)), read_melody(Stdin(), "-")):
        assert (found.format, found.warnings[0]) == ("toy", "a toy")
        assert [note.pitch for note in found.melody.notes] == [60, 62, 64, 65]
    assert read_one(path) == found.melody == read_notation(b"TOY 60 62 64 65", format="toy", name="t")
    assert read_chords(path).text() == "Am"
    written = Written(melody=found.melody, symbols={0: "Am"})
    assert write_as("toy", written, Manner(depth=24)) == b"TOY 60 62 64 65 Am 24"
    path.write_bytes(b"none")
    with pytest.raises(Unreadable, match="no TOY"):
        read_melody(None, str(path))


@pytest.mark.parametrize(
    ("start", "form"),
    [
        (b"MThd\0", "midi"), (b"\xef\xbb\xbf\nX: 1", "abc"), (b"%abc-2.1", "abc"), (b" <?xml", "musicxml"),
        (b"PK\x03\x04", "mxl"), (b"!!!OTL", "krn"), (b"**kern", "krn"), (b"RIFF", "midi"), (b"", ""), (b"K:C", ""),
    ],
)  # fmt: skip
def test_files_are_known_by_how_they_begin(start, form):
    """Byte order mark and spaces aside."""
    assert format_of(start) == form


def test_a_missing_package_is_told_with_what_brings_it(monkeypatch):
    """In one line; what is there is not."""
    row = TOY._replace(needs=("melodyrnn", "no_such_module"), extra="toys")
    monkeypatch.setitem(registry.BY_NAME, "toy", row)
    with pytest.raises(OutputError, match=r"^toy needs no_such_module: pip install 'melodyrnn\[toys\]'$"):
        refuse_missing("toy")
    monkeypatch.setitem(registry.BY_NAME, "toy", row._replace(needs=("melodyrnn",)))
    refuse_missing("toy")


def test_what_is_left_out_for_want_of_a_package_is_told(monkeypatch):
    """Where it is there, nothing is."""
    row = TOY._replace(wishes=("no_such_module",), extra="toys")
    monkeypatch.setitem(registry.BY_NAME, "toy", row)
    assert left_out("toy") == "toy is written without toys: pip install 'melodyrnn[toys]' brings it"
    monkeypatch.setitem(registry.BY_NAME, "toy", row._replace(wishes=("melodyrnn",)))
    assert left_out("toy") == ""


def test_every_reader_is_there():
    """What a row names can be imported, and suffixes are lower case; what is written has a writer."""
    for row in FORMATS:
        assert bool(row.writer) == bool(row.writes)
        assert bool(row.needs or row.wishes) == bool(row.extra)
        assert not row.writer or callable(_writer(row.writer))
        assert (registry.own_reader(row.name) is None) == (not row.reader)
        assert (registry.own_reader(row.name, chords=True) is None) == (not row.chords)
        assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in (*row.reads, *row.writes))
    assert registry.own_reader("spoon") is None
    with pytest.raises(OptionError, match="'krn' is not written"):
        write_as("krn", Written(melody=None))
