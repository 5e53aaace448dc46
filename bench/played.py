"""What follows a prime that was played by hand, or plucked: is it on the beat, and is it what follows the exact tune?

    python -m bench.played                 one tune of 19 notes, 6 players of each kind, the shipped model

A player's file is MIDI at 480 ticks a quarter, 90 quarters a minute. The table is printed and put into
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import io
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import mido

from bench.sections import write_section
from melodyrnn.compose.edit import infill
from melodyrnn.compose.generate import generate
from melodyrnn.compose.model import load_model
from melodyrnn.controls.options import Options
from melodyrnn.formats.midi.reader import read_midi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from melodyrnn.compose.model import Model
    from melodyrnn.music.melody import Melody, Note

PITCHES: Final = (69, 71, 72, 74, 76, 74, 72, 71, 69, 72, 76, 77, 76, 74, 72, 71, 72, 71, 69)
QUARTERS: Final = (1, 0.5, 0.5, 1, 1, 0.5, 0.5, 1, 1, 0.5, 0.5, 0.5, 0.5, 1, 0.5, 0.5, 1, 1, 2)
PPQ, TEMPO, PLAYERS, BAR = 480, 90, 6, 96


@dataclass(frozen=True, slots=True)
class Hand:
    """How somebody plays."""

    jitter: float = 0.0  # ms, before or after the beat at most
    gate: float = 0.95  # share of its value that a note sounds
    over: int = 0  # file ticks by which notes ring on into what follows
    early: int = 0  # file ticks by which the first note, in bar 2, comes too early


HANDS: Final = {
    "exact": Hand(),
    **{f"up to {ms} ms beside the beat": Hand(jitter=ms) for ms in (10, 15, 20, 25)},
    **{f"each note {ticks} of 480 ticks too long": Hand(gate=1, over=ticks) for ticks in (10, 30, 60)},
    **{f"the first note {ticks} of 480 ticks early": Hand(early=ticks) for ticks in (12, 50)},
    **{f"plucked, {share:.0%} of each value": Hand(gate=share) for share in (0.5, 0.25, 0.1)},
}


def main() -> None:
    """Play, go on, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-m", "--model", default="folk")
    model = load_model(parser.parse_args().model)
    exact = [follow(model, played(Hand(), player), player) for player in range(PLAYERS)]
    told = f"What follows a prime of 19 notes, {PLAYERS} players each, 4 bars by `folk`; and its bars filled one by one"
    lines = [
        "## Played by hand", "", f"{told}: `python -m bench.played`", "",
        "| the prime | new onsets beside 32nds and triplets | as after the exact tune | infill: onsets beside |",
        "|---|---|---|---|",
    ]  # fmt: skip
    for name, hand in HANDS.items():
        made = [follow(model, played(hand, player), player) for player in range(PLAYERS)]
        new = [note for notes in made for note in notes]
        alike = sum(one == other for one, other in zip(made, exact, strict=True))
        between = [n for player in range(PLAYERS) for n in filled(model, played(hand, player), player)]
        lines.append(f"| {name} | {beside(new)} | {alike} of {PLAYERS} | {beside(between)} |")
        print(lines[-1], flush=True)
    write_section("played", "\n".join(lines))


def played(hand: Hand, player: int) -> Melody:
    """The tune as it is read from a player's file."""
    chance, tick, events = random.Random(player), PPQ * 4 if hand.early else 0, []  # noqa: S311 - music, no secrets
    for number, (pitch, quarters) in enumerate(zip(PITCHES, QUARTERS, strict=True)):
        moved = round(chance.uniform(-hand.jitter, hand.jitter) / 1000 * TEMPO / 60 * PPQ)
        begin = max(0, tick + moved - (0 if number else hand.early))
        events.append((begin, True, pitch))
        events.append((tick + moved + round(PPQ * quarters * hand.gate) + hand.over, False, pitch))
        tick += round(PPQ * quarters)
    track, now = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(TEMPO))]), 0
    for at, sounds, pitch in sorted(events):
        track.append(mido.Message("note_on" if sounds else "note_off", note=pitch, time=at - now))
        now = at
    buffer = io.BytesIO()
    mido.MidiFile(ticks_per_beat=PPQ, tracks=[track]).save(file=buffer)
    return read_midi(buffer.getvalue()).melody


def follow(model: Model, prime: Melody, seed: int) -> tuple[Note, ...]:
    """The new notes after a prime."""
    (made,) = generate(model, Options(bars=4, seed=seed), prime=prime)
    return made.melody.notes[made.primed :]


def filled(model: Model, melody: Melody, seed: int) -> Iterator[Note]:
    """New notes of every bar, filled alone."""
    for bar in range(melody.bars):
        made = infill(model, melody, [bar], Options(seed=seed, bars=None)).melody
        yield from (n for n in made.notes if n.onset // BAR == bar)


def beside(notes: list[Note]) -> str:
    """Share of onsets that lie on no line."""
    return f"{sum(n.onset % 3 != 0 and n.onset % 4 != 0 for n in notes) / len(notes):.0%}"


if __name__ == "__main__":
    main()
