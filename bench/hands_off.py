"""Is all that was not asked for as it was? Files of strangers through prime, infill and vary, looked at with mido.

    python -m bench.hands_off --count 200 --seed 0          files of `bench.stranger_files`
    python -m bench.hands_off --count 0 FOLDER …            MIDI files that lie somewhere

For each file: tracks other than the melody's, and chunks of no known kind, have the same bytes; in the melody's track
every event but notes is the same at the same tick, but for the recipe; every note that stays has its onset, end, pitch,
velocity and channel. After a prime all its notes stay and new ones begin after the last onset; what infill leaves are
all notes that do not begin in its bars; `vary --keep rhythm` leaves onsets, ends and velocities. `reproduce` gives the
same bytes, of every tenth.

Contents: Verdict, broken (what is not as it was); tried, main.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.stranger_files import Chunk, Note, StrangerFile, chunks_of, facts_of, stranger_file
from melodyrnn.cli import run
from melodyrnn.cli.io.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterator

VERBS: Final[dict[str, tuple[Any, ...]]] = {
    "prime": ("generate", "--bars", 2),
    "infill": ("infill", "--bars", "2-3", "--effort", 2),
    "vary": ("vary", "--keep", "rhythm", "--strength", 0.5, "--effort", 2),
}
_RECIPE: Final = "melodyrnn {"


def command(*words: object) -> tuple[int, bytes, str]:
    """Run a command in this process: status, stdout, stderr."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    status = run([str(word) for word in words], Console(io.BytesIO(), out, err, {}))
    out.flush()
    err.flush()
    return int(status), out.buffer.getvalue(), err.buffer.getvalue().decode()  # type: ignore[attr-defined]


def broken(before: bytes, after: bytes, verb: str, known: StrangerFile | None = None) -> str:
    """What is not as it was and was not asked for; '' if nothing is."""
    old, new = chunks_of(before), chunks_of(after)
    kinds = [[chunk.name for chunk in chunks] for chunks in (old, new)]
    if kinds[0] != kinds[1] or _header(old[0]) != _header(new[0]):
        return "the chunks or the header"
    changed = [k for k, (a, b) in enumerate(zip(old, new, strict=True)) if k and a != b]
    tracks = [k for k, chunk in enumerate(old) if chunk.name == b"MTrk"]
    if known is not None and not set(changed) <= {tracks[known.track]}:
        return f"chunks {changed}, the melody is in chunk {tracks[known.track]}"
    if any(old[k].name != b"MTrk" for k in changed):
        return f"chunks {changed}"
    for k in changed:
        if problem := _track_broken(old[k].payload, new[k].payload, verb, known):
            return problem
    return ""


def _header(chunk: Chunk) -> tuple[bytes, bytes]:
    """Type and division; a wrong number of tracks is put right."""
    return chunk.payload[:2], chunk.payload[4:]


def _track_broken(old: bytes, new: bytes, verb: str, known: StrangerFile | None) -> str:
    """What is not as it was in the melody's track."""
    before, after = facts_of(old), facts_of(new)
    kept = [event for event in after.events if _RECIPE not in event[1]]
    if kept != before.events or len(after.events) - len(kept) > 1:
        return "events"
    if after.end < before.end:
        return "its end"
    was, now = Counter(before.notes), Counter(after.notes)
    return _notes_broken(before.notes, list((was - now).elements()), list((now - was).elements()), verb, known)


def _notes_broken(
    before: list[Note], gone: list[Note], fresh: list[Note], verb: str, known: StrangerFile | None
) -> str:
    """What is wrong with the notes that are gone, or new."""
    channels = {note[4] for note in (*gone, *fresh)}
    if len(channels) > 1 or (known is not None and not channels <= {known.channel}):
        return f"notes on channels {channels}"
    if verb == "prime" and fresh:
        last = max((note[0] for note in before if note[4] in channels), default=0)
        return "notes of the prime" if gone else "" if min(fresh)[0] > last else "new notes before its last"
    if verb == "prime":
        return "no new notes" if known is not None else ""
    if verb == "vary":
        return "" if Counter(map(_rhythm, gone)) == Counter(map(_rhythm, fresh)) else "onsets, ends or velocities"
    if known is None:
        return ""
    begin, end = (known.first + bar * known.bar for bar in (1, 3))
    early = known.division / 4 if known.played else 0  # new notes begin beside a bar line, as those of the clip do
    outside = [note for note in gone if not begin <= _on_grid(note[0], known.division) < end]
    outside += [note for note in fresh if not begin - early <= note[0] < end + early]
    return f"notes outside the bars: {outside[:3]}" if outside else ""


def _rhythm(note: Note) -> tuple[int, int, int, int]:
    """All of a note but its pitch."""
    return note[0], note[1], note[3], note[4]


def _on_grid(tick: int, division: int) -> float:
    """The place of 24 to a quarter that a tick is nearest to, in ticks again."""
    return (2 * 24 * tick + division) // (2 * division) * division / 24


def tried(
    path: Path, known: StrangerFile | None, seed: int, *, reproduce: bool = False, model: str = "folk"
) -> Iterator[tuple[str, str]]:
    """(verb, what is wrong) of one file; what is refused is told with a '-' before it."""
    before = path.read_bytes()
    voice = () if known is None else ("--track", known.voice)
    for verb, (name, *options) in VERBS.items():
        given = ("--prime", path) if name == "generate" else (path,)
        status, after, err = command(name, *given, *options, *voice, "--seed", seed, "-m", model, "-o", "-")
        if status:
            yield verb, f"- {err.strip().splitlines()[-1]}"
            continue
        problem = broken(before, after, verb, known)
        if not problem and reproduce:
            written = path.with_suffix(f".{verb}.mid")
            written.write_bytes(after)
            status, again, err = command("reproduce", written, "-m", model, "--prime", path, *voice, "-q")
            problem = "" if (status, again) == (0, after) else f"reproduce: {err.strip()}"
        yield verb, problem


def main() -> None:
    """Count what is as it was, and tell what is not."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folders", nargs="*", type=Path)
    options.add_argument("--count", type=int, default=200)
    options.add_argument("--seed", type=int, default=0)
    asked = options.parse_args()
    counted: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        works = [(Path(folder) / f"{n}.mid", stranger_file(n)) for n in range(asked.seed, asked.seed + asked.count)]
        for path, known in works:
            path.write_bytes(known.data)
        files = [(path, known) for path, known in works]
        found = sorted(path for one in asked.folders for path in one.rglob("*.mid"))
        for number, (path, known) in enumerate([*files, *((path, None) for path in found)]):
            for verb, problem in tried(path, known, number, reproduce=known is not None and number % 10 == 0):
                counted[f"{verb}: {'as it was' if not problem else 'refused' if problem[0] == '-' else 'BROKEN'}"] += 1
                if problem:
                    print(f"{path.name} {verb}: {problem}")
    print("\n".join(f"{count:5} {what}" for what, count in sorted(counted.items())))
    sys.exit(any("BROKEN" in what for what in counted))


if __name__ == "__main__":
    main()
