"""How a melody was made, as one line of text that its file keeps, and from that line to the same bytes again.

    melodyrnn {"version":…,"verb":…,"model":…,"digest":…,"options":{…},"output":{…},"given":…,"given_hash":…}

Conventions
    task        what infill and vary do: bars, what is kept, how much changes.
    options     fields of the verb's options that differ from their defaults; the seed is one of them.
    output      how the file was written: program, humanize, swing …
    given       the melody that the verb started from, if there was one and it is short enough to be kept:
                base64 of zlib of its JSON; given_hash (16 hex digits of SHA-256) tells it in any case.
    source      in its place, the MIDI file into which its notes were written, if that is short enough; source_hash
                tells it in any case, `track` the track that was asked for.
    A recipe may come from a stranger's file: its size, its shape and every value in it are checked, and what a
    string in it says is never run, opened or printed unescaped.

Contents: Provenance, hash_of, hash_of_file, printable_name; EditTask; WrittenFile, written_file (a melody → bytes; the
one way in which files are written), file_of, chords_begin; remake (a recipe → the same bytes), edited, refuse_work.
"""

from __future__ import annotations

import binascii
import hashlib
import json
import re
import zlib
from dataclasses import dataclass, field, replace
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from melodyrnn._version import __version__
from melodyrnn.compose.generate import generate
from melodyrnn.compose.performing.performance import Feel, swung
from melodyrnn.compose.plain import LONGEST_RECIPE, from_plain, options_from, printable_line
from melodyrnn.compose.rewriting import changes_for, new_file, playing_of
from melodyrnn.compose.titles import LONGEST_TITLE, own_name
from melodyrnn.errors import CorpusError, OptionError, RecipeError, Unreadable
from melodyrnn.formats.midi.original import SOURCE_HASH
from melodyrnn.formats.midi.patch import free_channel, patched
from melodyrnn.formats.midi.write import chord_payload, midi_bytes
from melodyrnn.music.chords import chord_notes
from melodyrnn.music.groove import PARTS_A_TICK
from melodyrnn.music.melody import MOST_BARS, Metre
from melodyrnn.music.melody_json import melody_from_json, melody_to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from melodyrnn.compose.model import Generated, Model
    from melodyrnn.controls.options import Options
    from melodyrnn.formats.midi.original import Original
    from melodyrnn.music.melody import Melody


MARK: Final = "melodyrnn "
_LONGEST_GIVEN: Final = 6_000  # characters of base64: about 1,000 notes
_LARGEST_GIVEN: Final = 1 << 18  # bytes of JSON, or of a file
_LARGEST_SOURCE: Final = 1 << 16  # bytes of a file that is tried whether it packs
MOST_GIVEN: Final = 1_000  # notes of a melody that a recipe keeps
MOST_EFFORT: Final = 1_024  # melodies side by side that a recipe may ask for
MOST_WORK: Final = 8_192  # of those, times bars of 4/4: of what is composed, and of what goes before it
_NOTES_A_BAR: Final = 8  # for which room is held
_WHOLE: Final = 96  # ticks
_USUAL: Final = 32  # melodies side by side that every recipe may have
_MOST_FIELDS: Final = 100
_MOST_DIGITS: Final = 20  # of a whole number: more than a seed has
_NAME: Final = r"[a-z][a-z0-9_-]{0,39}"
_DIGEST: Final = r"[0-9a-f]{16}"
_VERSION: Final = r"[0-9A-Za-z.+-]{1,40}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How a melody was made."""

    verb: str  # generate, vary …
    digest: str  # of the model file
    model: str = ""  # its name, for people: no folder
    options: Mapping[str, Any] = field(default_factory=dict)  # plain data
    task: Mapping[str, Any] = field(default_factory=dict)  # plain data: what the verb does beside its options
    output: Mapping[str, Any] = field(default_factory=dict)  # plain data
    given: Melody | None = None
    given_hash: str = ""  # '' = nothing was given
    original: Original | None = None  # the file that it was read from and written into
    source_hash: str = ""  # '' = a file of its own
    track: str | None = None  # by which track of that file the melody was asked for
    version: str = __version__

    def to_text(self) -> str:
        """One line; a given melody for which there is no room is told by its hash alone. '' = too long even so."""
        told: dict[str, Any] = {"version": self.version, "verb": self.verb, "model": self.model, "digest": self.digest}
        told |= {"options": dict(self.options), "output": dict(self.output)}
        told |= {"task": dict(self.task)} if self.task else {}
        if self.given is not None:
            told |= {"given_hash": hash_of(self.given)}
        if self.original is not None:
            told |= _packed_file(self.original, self.given)
        elif self.source_hash:
            told |= {SOURCE_HASH: self.source_hash} | ({} if self.track is None else {"track": self.track})
        if self.given is not None and self.original is None:
            packed = _packed(self.given) if self.given.size <= MOST_GIVEN else ""
            told |= {"given": packed} if 0 < len(packed) <= _LONGEST_GIVEN else {}
        elif self.given is None and self.given_hash:
            told |= {"given_hash": self.given_hash}
        text = _written(told)
        if len(text) > LONGEST_RECIPE and (told.pop("given", None) or told.pop("source", None)):
            text = _written(told)
        return text if len(text) <= LONGEST_RECIPE else ""

    @classmethod
    def from_text(cls, text: str) -> Provenance:
        """Read what `to_text` wrote, trusting nothing. Raises RecipeError."""
        told = _object(text)
        given, original = _given_in(told)
        recipe = cls(
            verb=_matched(told, "verb", _NAME),
            digest=_matched(told, "digest", _DIGEST),
            model=printable_line(told.get("model", "")),
            options=_fields(told, "options"),
            task=_fields(told, "task"),
            output=_fields(told, "output"),
            given=given,
            given_hash=_matched(told, "given_hash", _DIGEST) if "given_hash" in told else "",
            original=original,
            source_hash=_matched(told, SOURCE_HASH, _DIGEST) if SOURCE_HASH in told else "",
            track=printable_line(told["track"]) if "track" in told else None,
            version=_matched(told, "version", _VERSION),
        )
        if recipe.given is not None and hash_of(recipe.given) != recipe.given_hash:
            raise RecipeError("the recipe's melody is not the one that its hash tells")
        if original is not None and hash_of_file(original) != recipe.source_hash:
            raise RecipeError("the recipe's file is not the one that its hash tells")
        return recipe


def printable_name(name: str) -> str:
    r"""Give a name that can be printed: what cannot becomes _.

    >>> printable_name("my\u3000model\n")
    'my_model_'
    """
    return "".join(c if c.isprintable() else "_" for c in name)


def _written(told: Mapping[str, Any]) -> str:
    return MARK + json.dumps(told, separators=(",", ":"), sort_keys=True)


def hash_of(melody: Melody) -> str:
    """First 16 hex digits of the SHA-256 of a melody, as read: whatever file it came from."""
    return hashlib.sha256(_json(melody)).hexdigest()[:16]


def _object(text: str) -> dict[str, Any]:
    """The JSON object behind the mark."""
    if not text.startswith(MARK + "{") or len(text) > LONGEST_RECIPE:
        raise RecipeError("it holds no recipe that this melodyrnn can read")
    try:
        told = json.loads(text[len(MARK) :], parse_int=_whole, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise RecipeError("its recipe is damaged") from None
    if not isinstance(told, dict) or len(told) > _MOST_FIELDS:
        raise RecipeError("its recipe is damaged")
    return told


def _fields(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = told.get(name, {})
    if not isinstance(found, dict) or len(found) > _MOST_FIELDS or not all(re.fullmatch(_NAME, name) for name in found):
        raise RecipeError(f"the recipe's {name} are damaged")
    return found


def _matched(told: Mapping[str, Any], name: str, pattern: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise RecipeError(f"the recipe's {name} is damaged")
    return value


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _json(melody: Melody) -> bytes:
    return json.dumps(melody_to_json(melody), separators=(",", ":"), sort_keys=True).encode()


def hash_of_file(original: Original) -> str:
    """First 16 hex digits of the SHA-256 of a file."""
    return hashlib.sha256(original.data).hexdigest()[:16]


def _packed_file(original: Original, given: Melody | None) -> dict[str, str]:
    """What a recipe tells of the file that notes were written into."""
    told = {SOURCE_HASH: hash_of_file(original)}
    if original.track is not None:
        told["track"] = original.track
    small = len(original.data) <= _LARGEST_SOURCE and given is not None and given.size <= MOST_GIVEN
    packed = _zipped(original.data) if small else ""
    return told | ({"source": packed} if 0 < len(packed) <= _LONGEST_GIVEN else {})


def _packed(melody: Melody) -> str:
    return _zipped(_json(melody))


def _zipped(data: bytes) -> str:
    return binascii.b2a_base64(zlib.compress(data, 9), newline=False).decode()


def _unzipped(text: Any) -> bytes:
    """Unpack what a recipe keeps of a melody, never more than so many bytes. Raises RecipeError."""
    try:
        unzip = zlib.decompressobj()
        raw = unzip.decompress(binascii.a2b_base64(text, strict_mode=True), _LARGEST_GIVEN)
    except (ValueError, TypeError, zlib.error):
        raise RecipeError("the recipe's melody is damaged") from None
    if not unzip.eof:
        raise RecipeError("the recipe's melody is longer than any that is kept")
    return raw


def _given_in(told: Mapping[str, Any]) -> tuple[Melody | None, Original | None]:
    """The melody that a recipe keeps, and the file of it. Raises RecipeError."""
    melody: Melody | None = None
    original: Original | None = None
    try:
        if "source" in told:
            from melodyrnn.formats.midi.reader import read_midi  # noqa: PLC0415

            track = printable_line(told["track"]) if "track" in told else None
            reading = read_midi(_unzipped(told["source"]), track=track, name="its recipe")
            melody, original = reading.melody, reading.original
        elif "given" in told:
            plain = json.loads(_unzipped(told["given"]), parse_int=_whole, parse_constant=_no_constant)
            melody = melody_from_json(plain)
    except (ValueError, TypeError, RecursionError, CorpusError, Unreadable):
        raise RecipeError("the recipe's melody is damaged") from None
    if melody is not None and melody.size > MOST_GIVEN:
        raise RecipeError(f"the recipe's melody has {melody.size:,} notes; a recipe keeps {MOST_GIVEN:,} at most")
    return melody, original


VERBS: Final = ("generate", "infill", "vary")
"""Verbs that can be done again."""


@dataclass(frozen=True, slots=True)
class EditTask:
    """What infill and vary do beside their options."""

    bars: tuple[int, ...] = ()  # from 0: those to fill, or those to keep
    keep: tuple[str, ...] = ()
    strength: float = 0.5
    only: tuple[int, ...] = ()  # bars, from 0, in which vary changes anything; () = all


class WrittenFile(NamedTuple):
    """The bytes of a melody, and what is to be said of them: sentences for the user."""

    data: bytes
    notices: tuple[str, ...] = ()


def file_of(made: Generated, recipe: Provenance, *, keep: bool = True) -> bytes:
    """Write a melody as its recipe says, with the recipe in the file if `keep`. Raises OptionError, RecipeError."""
    return written_file(made, recipe, keep=keep).data


def written_file(made: Generated, recipe: Provenance, *, keep: bool = True) -> WrittenFile:
    """Write a melody as `file_of` does: into the file that it was read from, if the recipe has it."""
    told = dict(recipe.output)
    feel = from_plain(Feel, {name: told.pop(name) for name in ("humanize", "swing") if name in told})
    program, setting = told.pop("program", None), options_from(recipe.options).setting
    title = printable_line(told.pop("title", ""))
    if told or type(program) not in (int, NoneType) or len(title) > LONGEST_TITLE:
        raise RecipeError(f"the recipe's output is damaged, or this melodyrnn does not know {', '.join(sorted(told))}")
    given, original, text = recipe.given, recipe.original, recipe.to_text() if keep else ""
    playing = playing_of(setting, feel, given, original)
    progression, begin = setting.written_chords, chords_begin(made, setting.upbeat)
    chords = chord_notes(progression, made.melody, begin=begin) if progression else ()
    timing = swung(made.melody, ((onset, ticks) for onset, ticks, _ in chords), feel)
    changes = None
    if given is not None and original is not None:
        changes = changes_for(made, given, original, setting, playing)
    if original is None or changes is None:
        melody, times = new_file(made, playing)
        own = original.program if original is not None else 0
        melody = replace(melody, title=title or melody.title)
        data = midi_bytes(
            melody, track_name=melody.title or own_name(made), program=own if program is None else program,
            loop=setting.loop, recipe=text, timing=times,
            chords=chords, progression=progression, chord_timing=timing,
        )  # fmt: skip
        told_so = "new notes would begin before the file does: it is written anew, the melody alone"
        return WrittenFile(data, (told_so,) if original is not None else ())
    tracks: tuple[bytes, ...] = ()
    if chords:
        spans = timing or [(onset * PARTS_A_TICK, (onset + ticks) * PARTS_A_TICK) for onset, ticks, _ in chords]
        times = tuple((original.tick(a / PARTS_A_TICK), original.tick(b / PARTS_A_TICK)) for a, b in spans)
        voice = free_channel(original), original.program if program is None else program
        tracks = (chord_payload(chords, voice, progression, times, max(b for _, b in times)),)
    result = patched(original, changes._replace(recipe=text, program=program, tracks=tracks, title=title))
    notes = "1 new note" if result.left_out == 1 else f"{result.left_out} new notes"
    lost = f"{notes} left out: another of that pitch sounds there, and stays"
    return WrittenFile(result.data, (lost,) if result.left_out else ())


def chords_begin(made: Generated, upbeat: object) -> int | None:
    """Tick at which the chords of a melody begin; None for its first full bar. Where nobody knew of an upbeat, 0."""
    return 0 if upbeat is None and not made.primed else None


def remake(model: Model, recipe: Provenance, given: Melody | None = None, original: Original | None = None) -> bytes:
    """Compose and write again what a recipe tells.

    `given`, and the file that it was read from, stand in for a prime that the recipe was too small to hold. Raises
    RecipeError where it cannot be the same: another model, a verb or an option that this program does not know, another
    prime or none.
    """
    if recipe.verb not in VERBS:
        raise RecipeError(f"it was made by '{recipe.verb}', which this melodyrnn cannot do again")
    if (digest := model.checkpoint.digest) != recipe.digest:
        name = recipe.model or "a model"
        raise RecipeError(f"it was made by {name} of digest {recipe.digest}; the model given here has {digest}")
    prime = recipe.given or given
    if recipe.given_hash and prime is None:
        raise RecipeError("it goes on from a melody that is too long for a recipe: give that with --prime")
    if prime is not None and not recipe.given_hash:
        raise RecipeError("it goes on from no melody: leave out --prime")
    if prime is not None and hash_of(prime) != recipe.given_hash:
        raise RecipeError("it goes on from another melody than that of --prime")
    own = recipe.original or original
    if recipe.source_hash and (own is None or hash_of_file(own) != recipe.source_hash):
        raise RecipeError("it was written into another file than that of --prime")
    if recipe.source_hash:
        recipe = replace(recipe, given=prime, original=own)
    try:
        options = options_from(recipe.options)
        refuse_work(recipe, options, prime)
        return file_of(_made(model, recipe, options, prime), recipe)
    except OptionError as problem:
        raise RecipeError(f"its recipe cannot be followed: {problem}") from problem


def refuse_work(recipe: Provenance, options: Options, prime: Melody | None) -> None:
    """Raise RecipeError where a recipe asks for more memory than a stranger's file may take."""
    setting = options.setting
    effort = setting.effort or 1  # what is usual without is little
    before = 0.0 if prime is None else prime.size / _NOTES_A_BAR
    if recipe.verb == "generate":
        bar = (setting.metre or (Metre() if prime is None else prime.metres[-1])).bar_ticks
        bars = before + (setting.bars or MOST_BARS) * bar / _WHOLE
    else:
        bars = before + (0.0 if prime is None else prime.end / _WHOLE)
    if effort > MOST_EFFORT or (effort > _USUAL and effort * bars > MOST_WORK):
        told = f"{effort:,} melodies side by side over {round(bars):,} bars"
        most = f"a recipe may ask for {MOST_EFFORT:,}, and for {MOST_WORK:,} times bars"
        raise RecipeError(f"it asks for {told}; {most}: compose it anew, with the same options")


def _made(model: Model, recipe: Provenance, options: Options, given: Melody | None) -> Generated:
    """Do again what the verb did."""
    if recipe.verb == "generate":
        return next(iter(generate(model, options, prime=given)))
    task = from_plain(EditTask, recipe.task)
    if given is None:
        raise RecipeError(f"it was made by '{recipe.verb}' from a melody that its recipe does not tell")
    return edited(recipe.verb, model, given, task, options)


def edited(verb: str, model: Model, given: Melody, task: EditTask, options: Options) -> Generated:
    """Do what infill or vary does."""
    from melodyrnn.compose.edit import infill, vary  # noqa: PLC0415 - only they need the look-ahead

    if verb == "infill":
        return infill(model, given, task.bars, options)
    return vary(model, given, options, keep=task.keep, bars=task.bars, strength=task.strength, only=task.only)
