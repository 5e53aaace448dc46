"""Does `songs` sing over changes as songs do? Chord tones, rests and secondary dominants beside held-out songs.

    python -m bench.colour                       every song of the test part that has chords, up to 16 bars each
    python -m bench.colour -m my.safetensors     another model of the corpus `songs`

Each held-out song is cut to its first bars; the model writes as many over the same chords, in the same key, metre,
upbeat and tempo, by the defaults of `generate --chords`. Of both are counted:

    chord tones     of the notes that begin on the first or the middle beat of a bar, where a chord sounds
    rests           of the time from the first bar line to the last
    thirds          of the major triads and sevenths whose third is outside the key (the dominant of minor aside), held
                    a beat or more and met by a note: in how many the third is sung

The bound is 95 %, of the difference, by resampling songs. The table is printed and put into docs/benchmarks.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from bench.sections import parser_of, write_section
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model
from melodyrnn.controls.options import options_of
from melodyrnn.corpus.cache import load_corpus
from melodyrnn.errors import MelodyRNNError
from melodyrnn.evaluation.sets import parts_as_trained
from melodyrnn.music.chords import chord_of
from melodyrnn.music.key_finding import find_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from melodyrnn.compose.model import Model
    from melodyrnn.music.harmony import Harmony
    from melodyrnn.music.melody import Melody, Note

CORPUS: Final = "songs"
BARS: Final = 16
LEAST: Final = 4
NAMES: Final = ("chord tones", "rests", "thirds")


class Song(NamedTuple):
    """A held-out song, cut to its first bars."""

    melody: Melody
    harmony: Harmony
    end: int  # tick behind the last bar


def held_out() -> Iterator[Song]:
    """The songs of the test part in one metre that have chords."""
    names = set(parts_as_trained((CORPUS,))[CORPUS, "test"].names)
    for outcome in load_corpus(CORPUS):
        melody, harmony = outcome.melody, outcome.chords
        if outcome.name not in names or melody is None or harmony is None or len(melody.metres) > 1:
            continue
        first = 1 if melody.upbeat else 0
        bars = min(melody.bars - first, BARS)
        if bars >= LEAST and harmony.onset <= melody.bar_onset(first):
            yield Song(melody, harmony, melody.bar_onset(first + bars))


def chords_of(song: Song) -> Iterator[tuple[int, int, str]]:
    """Beginning, end and symbol of each chord from the first full bar to the end of the cut."""
    begin, at = song.melody.bar_onset(1 if song.melody.upbeat else 0), song.harmony.onset
    for ticks, symbol in song.harmony.spans:
        if min(at + ticks, song.end) > max(at, begin):
            yield max(at, begin), min(at + ticks, song.end), symbol
        at += ticks


def written(model: Model, song: Song, seed: int) -> Melody:
    """A melody of the model over a song's chords."""
    melody, (begin, *_) = song.melody, next(chords_of(song))
    first = melody.bar_onset(1 if melody.upbeat else 0)
    spans = tuple((end - at, symbol) for at, end, symbol in chords_of(song))
    text = song.harmony._replace(spans=(((begin - first), "N.C."), *spans) if begin > first else spans).text()
    options = options_of(
        chords=text, key=melody.key or find_key(melody), metre=melody.metres[0], upbeat=melody.upbeat, seed=seed,
        bars=(song.end - first) // melody.metres[0].bar_ticks, tempo=melody.tempo,
    )  # fmt: skip
    return next(generate(model, options)).melody


def counted(song: Song, melody: Melody) -> NDArray[np.int64]:
    """Of each of NAMES how many there are and of how many, (3, 2)."""
    notes = [note for note in melody.notes if note.onset < song.end]
    begin = song.melody.bar_onset(1 if song.melody.upbeat else 0)
    strong = [tone for note in notes if (tone := on_strong_beat(song, note)) is not None]
    sounding = sum(min(note.end, song.end) - max(note.onset, begin) for note in notes if note.end > begin)
    thirds = [*sung(song, notes)]
    return np.array(
        [
            (sum(strong), len(strong)),
            (song.end - begin - sounding, song.end - begin),
            (sum(thirds), len(thirds)),
        ]
    )


def on_strong_beat(song: Song, note: Note) -> bool | None:
    """Whether a note is a tone of its chord; None where it begins elsewhere, or where none sounds."""
    metre, (_, place) = song.melody.metres[0], song.melody.place(note.onset)
    beats = metre.bar_ticks // metre.beat_ticks
    middle = beats // 2 * metre.beat_ticks if beats % 2 == 0 else 0
    if place not in (0, middle):
        return None
    tones = next((chord_of(symbol).tones for at, end, symbol in chords_of(song) if at <= note.onset < end), ())
    return note.pitch % 12 in tones if tones else None


def sung(song: Song, notes: list[Note]) -> Iterator[bool]:
    """Of each secondary dominant that a note meets, whether its third is among them."""
    key = song.melody.key or find_key(song.melody)
    for at, end, symbol in chords_of(song):
        chord = chord_of(symbol)
        third = (chord.root + 4) % 12
        leading = third == (key.tonic + 11) % 12
        beside = chord.root >= 0 and third in chord.tones and third not in key.scale and not leading
        met = [note for note in notes if note.onset < end and note.end > at]
        if beside and met and end - at >= song.melody.metres[0].beat_ticks:
            yield any(note.pitch % 12 == third for note in met)


def main() -> None:
    """Count, write over the same chords, compare, and write the page."""
    parser = parser_of(__doc__, -1)
    parser.set_defaults(model=CORPUS)
    asked = parser.parse_args()
    model, real, ours, refused = load_model(asked.model), [], [], 0
    for seed, song in enumerate(held_out()):
        if len(real) == asked.count:
            break
        try:
            melody = written(model, song, seed)
        except MelodyRNNError as problem:
            refused += 1
            print(f"song {seed}: {problem}")
            continue
        real.append(counted(song, song.melody))
        ours.append(counted(song, melody))
    lines = [
        "## Over changes", "",
        f"The first {BARS} bars of {len(real)} held-out songs with chords, and as many of `{asked.model}` over",
        f"the same chords ({refused} refused): `python -m bench.colour`", "",
        "| share | songs | ours | difference |", "|---|---|---|---|", *rows(np.array(real), np.array(ours)),
    ]  # fmt: skip
    print("\n".join(lines))
    write_section("colour", "\n".join(lines))


def rows(real: NDArray[np.int64], ours: NDArray[np.int64]) -> Iterator[str]:
    """A row of the table for each of NAMES, of counts (songs, 3, 2)."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(real), size=(2000, len(real)))
    for k, name in enumerate(NAMES):
        shares = [side[:, k].sum(0) for side in (real, ours)]
        theirs, own = (found / of for found, of in shares)
        again = [side[drawn, k].sum(1) for side in (ours, real)]
        spread = np.std(again[0][:, 0] / again[0][:, 1] - again[1][:, 0] / again[1][:, 1])
        cells = f"{theirs:.1%} of {shares[0][1]:,} | {own:.1%} of {shares[1][1]:,}"
        yield f"| {name} | {cells} | {100 * (own - theirs):+.1f} ± {196 * spread:.1f} points |"


if __name__ == "__main__":
    main()
