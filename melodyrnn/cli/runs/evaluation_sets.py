"""What a model is judged by: sets of melodies, or the parts into which a training divided its corpora.

A part is found again by dividing the corpora as training did. Whether they are the same corpora still, the model's card
can tell: it knows how many melodies and notes were left to train on.

Contents: read_sets, part_of, part_learnt, unseen, untested, split_seed, own_corpora.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from melodyrnn.cli.io.amounts import amount
from melodyrnn.errors import CheckpointError, OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from melodyrnn.checkpoint.file import Checkpoint
    from melodyrnn.cli.io.console import Console
    from melodyrnn.evaluation.sets import MelodySet, Seen

_EXAMPLES: Final = 3
_NO_PRINTS: Final = (
    "the model keeps no fingerprints of its training melodies: nobody can tell whether it has seen these"
)


def split_seed(checkpoint: Checkpoint) -> int:
    """The seed by which training divided its corpora."""
    return int(checkpoint.card.facts.get("split_seed", 0))


def own_corpora(checkpoint: Checkpoint) -> set[str]:
    """The corpora that a model was trained on last, without those of a base that it was fine-tuned from."""
    return {*checkpoint.card.styles, *checkpoint.card.corpora[-1:]}


def read_sets(console: Console, paths: Sequence[str], *, track: str | None = None) -> list[MelodySet]:
    """Read what is to be judged by; say how many files were refused, and whose key had to be found."""
    from melodyrnn.evaluation.sets import read_set  # noqa: PLC0415

    sets = [read_set(path, track) for path in paths]
    for path, found in zip(paths, sets, strict=True):
        if found.refused:
            reasons = ", ".join(f"{count} {reason}" for reason, count in found.refused.most_common())
            console.warn(f"{path}: left out {reasons}; see melodyrnn corpus check")
        if found.keys_found:
            told = f"{found.keys_found} of {amount(len(found.names), 'melody')} state no key"
            console.warn(f"{path}: {told}: it was found from all their notes, which the first ones should not know")
    return sets


def part_of(
    console: Console, paths: Sequence[str], part: str, *, seed: int, track: str | None = None
) -> list[MelodySet]:
    """A part of corpora, divided together as a training on them does."""
    return _chosen(_divided(console, paths, part, seed, track), paths, paths, part)


def part_learnt(
    console: Console, checkpoint: Checkpoint, paths: Sequence[str], part: str, *, seed: int, track: str | None = None
) -> list[MelodySet]:
    """A part of what a model was trained on (all of it, or the corpora named); of other corpora, see `part_of`.

    Raises OptionError where its corpora are not here, or not as they were.
    """
    card, wanted = checkpoint.card, {_name(path) for path in paths}
    if not wanted <= own_corpora(checkpoint):
        return part_of(console, paths, part, seed=seed, track=track)
    ways = [list(paths), list(card.corpora), sorted(card.styles, key=card.styles.__getitem__), [*card.corpora[-1:]]]
    ways = [way for k, way in enumerate(ways) if way and way not in ways[:k] and wanted <= {*map(_name, way)}]
    found = [way for way in ways if all(map(_is_here, way))]
    for together in found:
        divided = _divided(console, together, part, seed, track)
        if _size([divided[corpus, "train"] for corpus in together]) == (card.melodies, card.notes):
            return _chosen(divided, together, paths or together, part)
        if card.facts.get("folds") and _size(list(divided.values())) == (card.melodies, card.notes):
            raise OptionError(
                "--part", f"the model has learnt from all its {amount(card.melodies, 'melody')}, too few to keep any "
                "back: its card has the figures of folds of them, and evaluate --cross-validate tells others"
            )  # fmt: skip
    gone = ", ".join(card.corpora)
    if not found:
        raise OptionError("PATH", f"the model was trained on {gone}, not found here: say where it lies")
    raise OptionError(
        "--part", f"these are not the melodies that the model was trained on ({gone}: {card.melodies:,} melodies, "
        f"{card.notes:,} notes to train on), or not as they were; name all its corpora, in order, and --track as then"
    )  # fmt: skip


def _size(sets: Sequence[MelodySet]) -> tuple[int, int]:
    """Melodies and notes of all."""
    return sum(len(s.names) for s in sets), sum(s.notes for s in sets)


def _divided(
    console: Console, together: Sequence[str], part: str, seed: int, track: str | None
) -> dict[tuple[str, str], MelodySet]:
    from melodyrnn.corpus.prepared import PARTS  # noqa: PLC0415
    from melodyrnn.evaluation.sets import divide  # noqa: PLC0415

    if part not in PARTS:
        raise OptionError("--part", f"{part} is none of {', '.join(PARTS)}")
    console.detail(f"dividing {', '.join(together)} as training does with --seed {seed}")
    return divide(together, seed, track)


def _chosen(
    divided: dict[tuple[str, str], MelodySet], together: Sequence[str], paths: Sequence[str], part: str
) -> list[MelodySet]:
    """The part of each corpus that is wanted; another way to write its path will do. Raises OptionError for none."""
    corpora = [next(c for c in together if c == path or _name(c) == _name(path)) for path in paths]
    sets = [replace(divided[corpus, part], name=_name(corpus)) for corpus in corpora]
    if any(not s.names for s in sets):
        raise OptionError("--part", f"{part} of {next(s.name for s in sets if not s.names)} holds no melody")
    return sets


def _name(path: str) -> str:
    return Path(path).name or path


def _is_here(corpus: str) -> bool:
    from melodyrnn.corpus.catalogue import names  # noqa: PLC0415

    return corpus in names() or Path(corpus).exists()


def unseen(console: Console, checkpoint: Checkpoint, melodies: MelodySet, *, drop: bool) -> MelodySet:
    """The melodies, or with `drop` those that the model has not trained on; others are told."""
    if not checkpoint.fingerprints:
        console.warn(_NO_PRINTS)
        return melodies
    told, seen = _seen(checkpoint, melodies)
    if seen and not drop:
        console.warn(f"{told}; --drop-seen leaves them out")
    if not (seen and drop):
        return melodies
    if len(seen) == len(melodies.names):
        raise OptionError("--drop-seen", f"{melodies.name}: no melody is left")
    console.say(f"{told}: left out")
    gone = {s.index for s in seen}
    return melodies.take([k for k in range(len(melodies.names)) if k not in gone])


def untested(console: Console, base: Checkpoint, melodies: MelodySet, *, drop: bool) -> set[str]:
    """Names of melodies that a base has trained on: with `drop` they are learnt from and not tested, else refused."""
    if not base.fingerprints:
        raise CheckpointError(f"{_NO_PRINTS}; train it again with this melodyrnn")
    told, seen = _seen(base, melodies)
    if seen and not drop:
        raise OptionError("--from", f"{told}; --drop-seen leaves them out of what is tested")
    if len(seen) == len(melodies.names):
        raise OptionError("--drop-seen", f"{melodies.name}: no melody is left")
    if seen:
        console.say(f"{told}: learnt from, but not tested")
    return {s.name for s in seen}


def _seen(checkpoint: Checkpoint, melodies: MelodySet) -> tuple[str, list[Seen]]:
    """What to say of the melodies that a model has trained on, and which those are."""
    from melodyrnn.evaluation.sets import find_seen  # noqa: PLC0415
    from melodyrnn.events.fingerprint import Index  # noqa: PLC0415

    seen = list(find_seen(Index.from_tensors(checkpoint.fingerprints), melodies.melodies, melodies.names))
    examples = "; ".join(f"{s.name} ({amount(s.run.length, 'note')} of {s.run.tune})" for s in seen[:_EXAMPLES])
    share = f"{len(seen)} of {amount(len(melodies.names), 'melody')}"
    return f"{melodies.name}: the model has trained on {share}, as {examples}", seen
