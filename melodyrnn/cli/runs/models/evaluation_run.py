"""What evaluate does: a model judged by sets of melodies, in bits per note or by the statistics of what it writes.

A part of a corpus is found again by dividing the corpora as training did. Whether they are the same corpora still, the
model's card can tell: it knows how many melodies and notes were left to train on.

Contents: run_evaluation; sets_of, read_sets, part_learnt, parts_learnt, unseen, untested, split_seed, own_corpora
(what a model is judged by); Row, row_facts, show (figures as a table or JSON).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.checkpoint.file import find, load
from melodyrnn.cli.io.console import amount
from melodyrnn.compose.model import model_of
from melodyrnn.corpus.prepared import PARTS, is_prepared
from melodyrnn.corpus.sources import names
from melodyrnn.errors import CheckpointError, OptionError
from melodyrnn.evaluation.bits import Judged, PooledBits, bits_of, pool
from melodyrnn.evaluation.sets import find_seen, parts_as_trained, read_set
from melodyrnn.evaluation.statistics import MEASURES, Statistics, chance, distances, sample_from_model, statistics_of
from melodyrnn.evaluation.told import TELLABLE, tellers, ways
from melodyrnn.events.fingerprint import Index
from melodyrnn.inference.soundness import sound_network

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from melodyrnn.checkpoint.file import Checkpoint, NetworkConfig
    from melodyrnn.cli.io.console import Console
    from melodyrnn.evaluation.sets import MelodySet, Seen
    from melodyrnn.inference.numpy_network import Network

_TERMS: Final = ("rest", "duration", "pitch", "total")
_NOTE: Final = "Bits per note; END is counted in the rest. Style and bars left are hidden."
_EXAMPLES: Final = 3
_NEAR: Final = 0.002  # of its melodies and notes: what readers that are mended since may change
_OTHERWISE: Final = (
    "{:,} melodies with {:,} notes to train on, when the model was trained {:,} with {:,}: some are read otherwise "
    "since, and a few may stand in another part; --drop-seen leaves out what it has trained on"
)
_MODEL, _ALL = "model", "all of them"
_NO_PRINTS: Final = (
    "the model keeps no fingerprints of its training melodies: nobody can tell whether it has seen these"
)


def run_evaluation(
    console: Console, model: str, paths: Sequence[str], *, part: str | None, track: str | None, seed: int | None,
    drop_seen: bool, statistics: bool, samples: int, temperature: float, told: Sequence[str] = (),
) -> None:  # fmt: skip
    """Judge a model as it is, or compare what it writes."""
    checkpoint = load(find(model))
    _check_hears(checkpoint.config, told)
    split = split_seed(checkpoint) if seed is None else seed
    sets = sets_of(console, paths, part, seed=split, track=track, checkpoint=checkpoint)
    sets = [unseen(console, checkpoint, s, drop=drop_seen) for s in sets]
    if statistics:
        return _compare(console, checkpoint, sets, split, samples=samples, seed=seed or 0, temperature=temperature)
    network = sound_network(checkpoint)
    rows = [Row(s.name, bits_of(network, s.melodies, s.names, checkpoint.card.registers)) for s in sets]
    if len(rows) > 1:
        rows.append(Row("all", [j for row in rows for j in row.judged], whole=False))
    if told:
        rows += [row for what in told for s in sets for row in _rows_with(network, s, checkpoint.card.registers, what)]
    return show(console, rows)


def _check_hears(config: NetworkConfig, told: Sequence[str]) -> None:
    """Refuse what no model hears, and what this one does not. Raises OptionError."""
    for what in told:
        if what not in TELLABLE:
            raise OptionError("--with", f"{what}: must be one of {', '.join(TELLABLE)}")
        if not (config.phrases if what == "phrases" else config.harmony):
            raise OptionError("--with", f"the model hears no {what}; train one on melodies that tell of them")


def _rows_with(network: Network, melodies: MelodySet, registers: Mapping[int, int], what: str) -> Iterator[Row]:
    """Of melodies that tell of something: figures without it, with it and, of chords, with others'. OptionError."""
    if not tellers(melodies.melodies, what):
        raise OptionError("--with", f"{melodies.name}: no melody tells of its {what}")
    for way in ways(melodies.melodies, what):
        judged = bits_of(network, way.melodies, melodies.take(way.which).names, registers, told=way.told)
        yield Row(f"{melodies.name}, {way.label}", judged, whole=False, more={"told": list(way.told)})


def sets_of(
    console: Console, paths: Sequence[str], part: str | None, *, seed: int, track: str | None,
    checkpoint: Checkpoint | None = None,
) -> list[MelodySet]:  # fmt: skip
    """What is judged by: all of the paths, or a part of them, as the model's training divided them."""
    if track is not None and (chosen := next(filter(is_prepared, paths), None)):
        raise OptionError("--track", f"{chosen} is prepared already: its melodies were chosen then")
    if part is None:
        return read_sets(console, paths, track=track)
    if checkpoint is None:
        return _part_of(console, paths, part, seed=seed, track=track)
    return part_learnt(console, checkpoint, paths, part, seed=seed, track=track)


def split_seed(checkpoint: Checkpoint) -> int:
    """The seed by which training divided its corpora."""
    return int(checkpoint.card.facts.get("split_seed", 0))


def own_corpora(checkpoint: Checkpoint) -> set[str]:
    """The corpora that a model was trained on last, without those of a base that it was fine-tuned from."""
    card = checkpoint.card
    return {*(name for name in card.styles if name in card.corpora), *card.corpora[-1:]}


def read_sets(console: Console, paths: Sequence[str], *, track: str | None = None) -> list[MelodySet]:
    """Read what is to be judged by; say how many files were refused, and whose key had to be found."""
    sets = [read_set(path, track) for path in paths]
    for path, found in zip(paths, sets, strict=True):
        if found.refused:
            reasons = ", ".join(f"{count} {reason}" for reason, count in found.refused.most_common())
            console.warn(f"{path}: left out {reasons}; see melodyrnn corpus check")
        if found.keys_found:
            told = f"{found.keys_found} of {amount(len(found.names), 'melody')} state no key"
            console.warn(f"{path}: {told}: it was found from all their notes, which the first ones should not know")
    return sets


def _part_of(
    console: Console, paths: Sequence[str], part: str, *, seed: int, track: str | None = None
) -> list[MelodySet]:
    """A part of corpora, divided together as a training on them does."""
    return _chosen(_divided(console, paths, part, seed, track), paths, paths, part)


def part_learnt(
    console: Console, checkpoint: Checkpoint, paths: Sequence[str], part: str, *, seed: int, track: str | None = None
) -> list[MelodySet]:
    """A part of what a model was trained on; see `parts_learnt`."""
    return parts_learnt(console, checkpoint, paths, (part,), seed=seed, track=track)[0]


def parts_learnt(
    console: Console, checkpoint: Checkpoint, paths: Sequence[str], parts: Sequence[str], *, seed: int,
    track: str | None = None,
) -> list[list[MelodySet]]:  # fmt: skip
    """Parts of what a model was trained on (all of it, or the corpora named), as they were then; of other corpora too.

    Raises OptionError where its corpora are not here, or not as they were; what is read a little differently is told.
    """
    card, wanted = checkpoint.card, {_name(path) for path in paths}
    if not wanted <= own_corpora(checkpoint):
        return [_part_of(console, paths, part, seed=seed, track=track) for part in parts]
    styles = [name for name in sorted(card.styles, key=card.styles.__getitem__) if _is_corpus(name)]
    ways = [list(paths), list(card.corpora), styles, [*card.corpora[-1:]]]
    ways = [way for k, way in enumerate(ways) if way and way not in ways[:k] and wanted <= {*map(_name, way)}]
    found = [way for way in ways if all(map(_is_corpus, way))]
    for together in found:
        divided = _divided(console, together, parts[0], seed, track)
        size = _size([divided[corpus, "train"] for corpus in together])
        if _is_near(size, (card.melodies, card.notes)):
            if size != (card.melodies, card.notes):
                console.warn(_OTHERWISE.format(*size, card.melodies, card.notes))
            return [_chosen(divided, together, paths or together, part) for part in parts]
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


def _is_near(size: tuple[int, int], then: tuple[int, int]) -> bool:
    """Whether so many melodies and notes are those of then, but for a few that are read otherwise since."""
    return all(abs(now - was) <= _NEAR * was for now, was in zip(size, then, strict=True))


def _size(sets: Sequence[MelodySet]) -> tuple[int, int]:
    """Melodies and notes of all."""
    return sum(len(s.names) for s in sets), sum(s.notes for s in sets)


def _divided(
    console: Console, together: Sequence[str], part: str, seed: int, track: str | None
) -> dict[tuple[str, str], MelodySet]:
    if part not in PARTS:
        raise OptionError("--part", f"{part}: must be one of {', '.join(PARTS)}")
    console.detail(f"dividing {', '.join(together)} as training does with --seed {seed}")
    return parts_as_trained(together, seed, track)


def _chosen(
    divided: dict[tuple[str, str], MelodySet], together: Sequence[str], paths: Sequence[str], part: str
) -> list[MelodySet]:
    """The part of each corpus that is wanted; another way to write its path will do. Raises OptionError for none."""
    corpora = [next(c for c in together if c == path or _name(c) == _name(path)) for path in paths]
    sets = [replace(divided[corpus, part], name=_name(corpus)) for corpus in corpora]
    if any(not s.names for s in sets):
        raise OptionError("--part", f"{part} of {next(s.name for s in sets if not s.names)} holds no melody")
    return sets


def _is_corpus(name: str) -> bool:
    """Whether there is such a corpus here; a style that a model knows need not be one."""
    return name in names() or Path(name).exists()


def _name(path: str) -> str:
    return Path(path).name or path


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
    seen = list(find_seen(Index.from_tensors(checkpoint.fingerprints), melodies.melodies, melodies.names))
    examples = "; ".join(f"{s.name} ({amount(s.run.length, 'note')} of {s.run.tune})" for s in seen[:_EXAMPLES])
    share = f"{len(seen)} of {amount(len(melodies.names), 'melody')}"
    return f"{melodies.name}: the model has trained on {share}, as {examples}", seen


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: a set under one model."""

    name: str
    judged: Sequence[Judged]
    whole: bool = True  # its melodies are told one by one when asked for
    more: Mapping[str, Any] = field(default_factory=dict)  # further facts for JSON


def show(console: Console, rows: Sequence[Row]) -> None:
    """Print the figures: a table (with each melody when the user asked for more), or a JSON line for each row."""
    if console.json:
        for row in rows:
            console.record(row_facts(row))
        return
    console.lines(_table(rows, each=console.verbose))


def row_facts(row: Row) -> dict[str, Any]:
    """A row as plain data; melodies one by one where they belong to it."""
    bits = pool(row.judged)
    facts: dict[str, Any] = {"set": row.name, **row.more, "melodies": bits.melodies, "notes": bits.notes}
    facts |= {"bits": {term: getattr(bits, term) for term in _TERMS}, "perplexity": bits.perplexity}
    facts["accuracy"] = bits.accuracy and {"rhythm": bits.accuracy.rhythm, "pitch": bits.accuracy.pitch}
    facts |= {"end_counted_in": "rest", "hidden": ["style", "bars_left"]}
    if row.whole:
        facts["each"] = [
            {"name": j.name, "notes": j.notes, "bits": {t: getattr(pool([j]), t) for t in _TERMS}} for j in row.judged
        ]
    return facts


def _table(rows: Sequence[Row], *, each: bool) -> Iterator[str]:
    names = [row.name for row in rows] + [f"  {j.name}" for row in rows if each and row.whole for j in row.judged]
    width = min(40, max(3, *map(len, names)))
    yield (
        f"{'set':<{width}} {'melodies':>9} {'notes':>9} {'rest':>8} {'duration':>8} {'pitch':>8} {'total':>8} "
        f"{'perplexity':>10} {'rhythm':>8} {'pitch':>8}"
    )
    for row in rows:
        yield _line(row.name, pool(row.judged), width)
        if each and row.whole:
            for judged in row.judged:
                yield _line(f"  {judged.name}", pool([judged]), width)
    chosen = any(judged.right is not None for row in rows for judged in row.judged)
    yield _NOTE + (" Last: how often the first choice was right." if chosen else "")


def _line(name: str, bits: PooledBits, width: int) -> str:
    short = name if len(name) <= width else f"{name[: width - 1]}…"
    right = ("", "") if bits.accuracy is None else (f"{bits.accuracy.rhythm:.1%}", f"{bits.accuracy.pitch:.1%}")
    line = (
        f"{short:<{width}} {bits.melodies:>9,} {bits.notes:>9,} {bits.rest:>8.3f} {bits.duration:>8.3f} "
        f"{bits.pitch:>8.3f} {bits.total:>8.3f} {bits.perplexity:>10.2f} {right[0]:>8} {right[1]:>8}"
    )
    return line.rstrip()


def _compare(
    console: Console, checkpoint: Checkpoint, sets: list[MelodySet], split: int, *, samples: int, seed: int,
    temperature: float,
) -> None:  # fmt: skip
    """Print how far the model's melodies are from the sets together, and how far each training corpus is."""
    if samples < 1:
        raise OptionError("--samples", f"{samples} melodies cannot be compared; give 1 or more")
    tested = [melody for s in sets for melody in s.melodies]
    test = statistics_of(tested)
    imitated = sample_from_model(model_of(checkpoint), tested, samples, seed, temperature=temperature)
    written = console.progress(imitated, doing="composing", total=samples)
    found = {_MODEL: statistics_of(list(written))}
    training = [corpus for corpus in checkpoint.card.corpora if corpus in names()]
    divided = parts_as_trained(training, split) if training and len(training) == len(checkpoint.card.corpora) else {}
    learnt = [(divided[corpus, "train"] if divided else read_set(corpus)).melodies for corpus in training]
    found |= {corpus: statistics_of(melodies) for corpus, melodies in zip(training, learnt, strict=True)}
    if len(learnt) > 1:  # what a model comes to that writes as it has learnt
        found[_ALL] = statistics_of([melody for melodies in learnt for melody in melodies])
    apart = {name: distances(statistics, test) for name, statistics in found.items()}
    least = chance(tested, seed=seed)
    if console.json:
        for name, row in apart.items():
            facts = {"melodies": found[name].melodies, "distances": row, **_means(found[name])}
            console.record({"name": name, "kind": "model" if name == _MODEL else "training", **facts})
        console.record({"name": "test", "kind": "test", "melodies": test.melodies, "chance": least, **_means(test)})
        return
    console.lines(_measures_table(apart, found, test, least))


def _means(statistics: Statistics) -> dict[str, float]:
    """A set's numbers in the mean."""
    spread = {name: float(getattr(statistics, name).mean()) for name in ("range", "length", "repetition")}
    return {f"mean_{name}": value for name, value in spread.items()} | {"ending": statistics.ending}


def _measures_table(
    apart: Mapping[str, Mapping[str, float]], found: Mapping[str, Statistics], test: Statistics,
    least: Mapping[str, float],
) -> Iterator[str]:  # fmt: skip
    """Distances from the test melodies, a line for each set, what is chance in them, and where the model is nearest."""
    yield f"distance from {amount(test.melodies, 'test melody')}"
    yield f"{'':<12} {'melodies':>9}" + "".join(f" {name:>10}" for name in MEASURES)
    yield f"{'':<12} {'':>9}" + "".join(f" {unit:>10}" for unit in MEASURES.values())
    for name, row in apart.items():
        yield f"{name:<12} {found[name].melodies:>9,}" + "".join(f" {row[m]:>10.4f}" for m in MEASURES)
    yield f"{'chance':<12} {'':>9}" + "".join(f" {least[m]:>10.4f}" for m in MEASURES)
    corpora = [row for name, row in apart.items() if name not in (_MODEL, _ALL)]
    if corpora:
        model = apart[_MODEL]
        nearest = [measure for measure in MEASURES if model[measure] < min(row[measure] for row in corpora)]
        yield f"The model is nearer than every corpus in {_some(nearest)}"
    alike = [measure for measure in MEASURES if apart[_MODEL][measure] <= least[measure]]
    told = "As near as test melodies drawn again are to themselves, 95 times of 100 (chance)"
    yield f"{told}: the model in {_some(alike)}"


def _some(measures: list[str]) -> str:
    """How many of the measures, and which."""
    return f"{len(measures)} of {len(MEASURES)}" + (f": {', '.join(measures)}" if measures else "")
