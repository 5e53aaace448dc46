"""What the commands that compose share: each melody checked for copies, written with its recipe, and told.

Contents: MelodyWriter; write_best (the best of many candidates, with a table of their scores); seeded; title_in;
refuse_unwritten.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.cli.io.console import amount
from melodyrnn.cli.io.piano_roll import draw_roll
from melodyrnn.compose.performing.performance import Feel
from melodyrnn.compose.plain import options_to_plain, to_plain
from melodyrnn.compose.provenance import (
    EditTask,
    Provenance,
    chords_begin,
    printable_name,
    written_file,
)
from melodyrnn.compose.rewriting import playing_of
from melodyrnn.compose.sampling.acceptance import is_static
from melodyrnn.compose.titles import LONGEST_TITLE, titled
from melodyrnn.controls.chance.seed import Seed
from melodyrnn.controls.form.form import sections_over
from melodyrnn.controls.frame.manners import has_manners, in_manner
from melodyrnn.controls.options import Options
from melodyrnn.errors import MelodyRNNError, OptionError, one_line
from melodyrnn.formats.registry import BY_NAME, KEPT, PLAYED
from melodyrnn.formats.writing import PLAIN, Manner, Written, write_all_as, write_as
from melodyrnn.music.melody import MOST_BARS
from melodyrnn.music.melody_json import melody_to_json
from melodyrnn.music.style_names import STYLE_NAMES

if TYPE_CHECKING:
    from melodyrnn.cli.io.console import Console
    from melodyrnn.cli.io.output import Results
    from melodyrnn.compose.model import Generated, Model
    from melodyrnn.compose.ranking import Ranking
    from melodyrnn.constraints.originality import Copied, Usual
    from melodyrnn.events.fingerprint import Index
    from melodyrnn.formats.midi.original import Original
    from melodyrnn.music.melody import Melody


_CELL: Final = 7  # columns of a score, if its name has no more


@dataclass(slots=True, kw_only=True)
class MelodyWriter:
    """Checks, writes and tells the melodies of one call; the fields are what they have in common."""

    console: Console
    results: Results
    model: Model
    name: str  # of the model, as the user called it
    options: Options
    feel: Feel
    program: int | None = None  # None: the file's own
    title: str = ""  # that was asked for
    verb: str = "generate"
    task: EditTask | None = None  # of infill and vary
    given: Melody | None = None
    original: Original | None = None  # the MIDI file that it was read from, and into which is written
    recipe: bool = True  # whether files keep it
    manner: Manner = PLAIN  # how the format is written
    listen: bool = False  # each is played, too
    drawn: bool = False  # the seed was not the user's
    roll: bool = True
    written: int = field(default=0, init=False)
    _every: list[Written] = field(default_factory=list, init=False)  # of one file that holds all
    _index: Index | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Let another processor hash the model while this one composes: a first melody need not wait for it.

        Raises OptionError where new notes cannot be played as asked.
        """
        if self.results.format in PLAYED:
            playing_of(self.options.setting, self.feel, self.given, self.original)
        if self._told:
            Thread(target=lambda: self.model.checkpoint.digest, daemon=True).start()

    @property
    def _told(self) -> bool:
        """Whether the model's digest is wanted."""
        return self._keeps or self.console.json

    @property
    def _keeps(self) -> bool:
        """Whether what is written keeps how it was made."""
        return self.recipe and self.results.format in KEPT

    def write(self, position: int, made: Generated, more: Mapping[str, Any] | None = None) -> None:
        """Check, write and tell one melody; `more` facts go into its JSON line."""
        recipe = self.recipe_of(made.seed)
        written = self._with_all(made, recipe, more or {})
        if self.results.gathered:
            self._every.append(written)
            name = str(self.results.paths[0]) if self.results.paths else ""
        else:
            name = self.results.deliver(self.console, position, write_as(self.results.format, written, self.manner))
        self.written += 1
        if self.console.json:
            facts = _facts(made, name, recipe.digest) | {"warnings": self._doubts(made)}
            run, usual = self._copied(made)
            normal = {} if usual is None else {"usual_median": usual.median, "usual_p95": usual.p95}
            self.console.record(facts | {"originality": run.facts() | normal} | dict(more or {}))
        elif not self.console.quiet:
            self._tell(made, name)
        if self.listen:
            self._play(made, recipe, name)

    def _play(self, made: Generated, recipe: Provenance, name: str) -> None:
        """Let it be heard."""
        from melodyrnn.cli.runs.play_run import play_aloud  # noqa: PLC0415 - what it needs need not be there

        midi = written_file(made, recipe, keep=False).data
        play_aloud(self.console, midi, name or "melody", soundfont=self.manner.soundfont, sections=self._sections(made))

    def finish(self) -> None:
        """Write what has been gathered for one file."""
        if self._every:
            self.results.deliver(self.console, 0, write_all_as(self.results.format, self._every, self.manner))

    def _with_all(self, made: Generated, recipe: Provenance, more: Mapping[str, Any]) -> Written:
        """A melody with what its format may hold of it."""
        form = BY_NAME[self.results.format]
        return Written(
            melody=titled(made, self.title),
            midi=self._midi(made, recipe) if form.played else b"",
            symbols=self._symbols(made) if form.noted else {},
            sections=self._sections(made) if form.noted else (),
            bits=tuple(made.bits.sum(1).tolist()),
            recipe=recipe.to_text() if self._keeps else "",
            facts=tuple(_told_of(made, more)),
            style=self._style(made) if form.noted else "",
        )

    def _midi(self, made: Generated, recipe: Provenance) -> bytes:
        """The melody as it is played, with its recipe."""
        if self._keeps and not recipe.to_text():
            self.console.warn("what was asked for is too long for the file to keep: reproduce cannot make it again")
        written = written_file(made, recipe, keep=self._keeps)
        for notice in written.notices:
            self.console.warn(notice)
        return written.data

    def _symbols(self, made: Generated) -> dict[int, str]:
        """The chords that are asked for, over the melody."""
        from melodyrnn.formats.notation.write import symbols_over  # noqa: PLC0415 - few write scores

        setting = self.options.setting
        if not setting.written_chords:
            return {}
        return symbols_over(setting.written_chords, made.melody, begin=chords_begin(made, setting.upbeat))

    def _style(self, made: Generated) -> str:
        """The kind of tune that was asked for, or that the model's manner is; '' for none that people name."""
        own = in_manner(self.model.card, self.options.seeded(made.seed)) if self._mannered else self.options
        return own.setting.style if own.setting.style in STYLE_NAMES else ""

    def _sections(self, made: Generated) -> tuple[tuple[int, str], ...]:
        """The sections of the form that is asked for."""
        setting = self.options.setting
        if setting.form is None or setting.bars is None:
            return ()
        return sections_over(setting.form, made.melody, setting.bars)

    def recipe_of(self, seed: int) -> Provenance:
        """How the melody of this seed is made."""
        asked = {"program": self.program, "title": self.title or None}
        output = {name: value for name, value in asked.items() if value is not None}
        return Provenance(
            verb=self.verb,
            digest=self.model.checkpoint.digest if self._told else "",  # it reads the whole model
            model=printable_name(Path(self.name).stem),
            options=options_to_plain(self.options.seeded(seed)),
            task={} if self.task is None else to_plain(self.task),
            output=to_plain(self.feel) | output,
            given=self.given,
            original=self.original,
        )

    def _copied(self, made: Generated) -> tuple[Copied, Usual | None]:
        """The longest run shared with a training tune, and what is usual."""
        from melodyrnn.constraints.originality import copied, index_or_none, usual_of  # noqa: PLC0415

        if self._index is None:
            self._index, damaged = index_or_none(self.model.checkpoint)
            if damaged:
                self.console.warn(f"{self.name}: {damaged}; whether a training tune is copied cannot be told")
        return copied(self._index, made.melody, primed=made.primed), usual_of(self.model.card)

    def _tell(self, made: Generated, name: str) -> None:
        """Say what was written; on a terminal, show it."""
        console, melody = self.console, made.melody
        if self.roll and console.interactive and not self.listen:
            drawing = draw_roll(
                melody, width=console.width, colour=console.colour, unicode=console.unicode,
                chords=self._symbols(made), sections=self._sections(made),
            )  # fmt: skip
            console.draw(drawing)
        bits = made.bits[made.primed :].sum() / max(1, len(melody.notes) - made.primed)
        seed = f"--seed {made.seed} writes it again" if self.drawn else f"seed {made.seed}"
        facts = [f"{self._length(melody)} of {melody.metres[0]}", amount(len(melody.notes), "note")]
        if melody.key is not None:
            facts.append(str(melody.key))
        if self._mannered:
            facts.append(f"{melody.tempo:g} quarters a minute")
        console.say(f"{name or 'melody'}: {', '.join(facts)}, {bits:.2f} bits a note; {seed}")
        console.detail(f"what was asked for cost {made.price:.1f} bits")
        for doubt in self._doubts(made):
            console.warn(doubt)
        if self.model.checkpoint.fingerprints:
            self._tell_copy(made)

    @property
    def _mannered(self) -> bool:
        """Whether the model wrote in its own manner, of which the tempo is a part."""
        return self.verb == "generate" and self.given is None and has_manners(self.model.card, self.options)

    def _doubts(self, made: Generated) -> list[str]:
        """What nobody asks for in a new melody, and what helps."""
        doubts: list[str] = []
        if self.verb != "generate":
            return doubts
        if is_static(made.melody, made.primed):
            seed = "" if self.options.certain else "another --seed, "  # which changes nothing there
            doubts.append(f"it hardly leaves one pitch; {seed}a higher temperature or looser rules move it")
        begun = 0 if not made.primed else made.melody.place(made.melody.notes[made.primed - 1].end - 1)[0] + 1
        if self.options.setting.bars is None and made.melody.bars - begun >= MOST_BARS:
            doubts.append(f"it did not end by itself: {MOST_BARS} bars are the most; --bars N gives it a length")
        return doubts

    def _length(self, melody: Melody) -> str:
        """Count bars as they were asked for: the upbeat comes on top."""
        if self.verb == "generate" and self.given is None and melody.upbeat:
            return f"{amount(melody.bars - 1, 'bar')} and an upbeat"
        return amount(melody.bars, "bar")

    def _tell_copy(self, made: Generated) -> None:
        """Say how much of it a training tune has: aloud where that is more than usual."""
        run, usual = self._copied(made)
        if usual is not None and run.length > usual.p95:
            self.console.warn(f"{run}; {usual}; --max-copy {max(8, round(usual.p95))} allows no longer one")
        else:
            self.console.detail(str(run))


def _told_of(made: Generated, more: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a listener wants to know of a melody, for the pages that hold it."""
    if "rank" in more:
        yield "rank", str(more["rank"])
    yield "seed", str(made.seed)
    yield "bits a note", f"{made.bits[made.primed :].sum() / max(1, len(made.melody.notes) - made.primed):.2f}"


def _facts(made: Generated, name: str, digest: str) -> dict[str, Any]:
    """A melody and how it came about, as plain data; times are ticks of 1/24 of a quarter."""
    new = made.bits[made.primed :]
    means = new.mean(0) if len(new) else [0.0] * 3
    bits = {name: round(float(mean), 6) for name, mean in zip(("rest", "duration", "pitch"), means, strict=True)}
    return {
        "file": name or None,
        "seed": made.seed,
        "model": digest,
        "bits_per_note": round(sum(bits.values()), 6),
        "bits": bits,
        "price": round(float(made.price), 6),
        "primed": made.primed,
        "bars": made.melody.bars,  # the upbeat's bar among them
        "upbeat": made.melody.upbeat,
        "melody": melody_to_json(made.melody),
    }


def write_best(writer: MelodyWriter, candidates: Iterable[Generated], keep: int, chosen: Collection[int] = ()) -> None:
    """Write the best candidates in their order, with a table on stderr; raise MelodyRNNError if none can be used.

    `chosen`: those ranks alone, from 1.
    """
    from melodyrnn.compose.ranking import CRITERIA, rank  # noqa: PLC0415 - only who asks for the best waits for it

    ranking = rank(writer.model, candidates, keep, writer.options.setting)
    out = ", ".join(f"{count} {reason}" for reason, count in ranking.out.items()) or "none"
    if not ranking.best:
        raise MelodyRNNError(f"no candidate can be used ({out}); try more of them, or looser options")
    if not writer.console.json:
        writer.console.draw(_table(ranking, CRITERIA))
    kept = [place for place in range(len(ranking.best)) if not chosen or place + 1 in chosen]
    if not kept:
        raise MelodyRNNError(f"only {len(ranking.best)} can be told apart and used, and none of them is asked for")
    for position, place in enumerate(kept):
        one = ranking.best[place]
        writer.write(position, one.made, {"rank": place + 1, **one.facts()})
    writer.finish()
    writer.console.detail(f"left out: {out}")
    if len(ranking.best) < keep:
        writer.console.warn(f"only {len(ranking.best)} of {keep} can be told apart and used; left out: {out}")


def _table(ranking: Ranking, criteria: Iterable[str]) -> Iterator[str]:
    """A line for each: its score, then the score by each criterion."""
    yield f"{'rank':>4} {'seed':>10} {'score':>6}" + "".join(f" {name:>{_CELL}}" for name in criteria)
    for position, one in enumerate(ranking.best, 1):
        cells = "".join(f" {getattr(one.scores, name):>{max(_CELL, len(name))}.2f}" for name in criteria)
        yield f"{position:>4} {one.made.seed:>10} {one.scores.total:>6.3f}{cells}"


def seeded(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked for, with a seed that is drawn where none is given."""
    given = asked.get(Seed.name())
    return {**asked, Seed.name(): int.from_bytes(os.urandom(4)) if given is None else given}


def title_in(text: str | None) -> str:
    """A title as it was given; '' for none. Raises OptionError."""
    title = "" if text is None else one_line(text)
    if text is not None and not 0 < len(title) <= LONGEST_TITLE:
        raise OptionError("--title", f"a title is a line of 1 to {LONGEST_TITLE} characters")
    return title


def refuse_unwritten(format: str, **given: object) -> None:
    """Raise OptionError for options that a score cannot hold; None and False ask for nothing."""
    for name, value in given.items():
        if format not in PLAYED and value is not None and value is not False:
            problem = f"is for MIDI; {format} holds the notes alone: name a .mid, or leave it out"
            raise OptionError(f"--{name.replace('_', '-')}", problem)
