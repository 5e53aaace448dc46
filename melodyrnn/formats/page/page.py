"""Melodies → one page of HTML: score, piano roll, player, recipe, the MIDI to save. It asks no network for anything.

What stands in the page comes from four places that lie beside this file, as they are written: page.html, page.css and
four scripts. Texts of strangers (titles, chord symbols, recipes) come in two ways alone: escaped, in the title of the
page, and as JSON in which no < stands, from which the scripts set text, never markup. A content security policy allows
these very scripts and this very style by their digests, and no request to anywhere.

Without verovio the page has the roll and says how the score comes: hearing the melody is what it is for, and that
needs no package.

Contents: write_page, write_pages (for the registry), LARGEST.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from melodyrnn.formats.engraving.surprise import SURPRISE_LIMITS
from melodyrnn.formats.page.take import score_of, take_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from melodyrnn.formats.writing import Manner, Written

LARGEST: Final = 1_000_000  # bytes of a page, with room for the rest: scores that do not fit are left out
_FOR_SCORES: Final = 800_000
_SCRIPTS: Final = ("synth.js", "transport.js", "roll.js", "page.js")
_PLACE: Final = re.compile(r"\{\{(\w+)\}\}")


def write_page(written: Written, _form: str, manner: Manner) -> bytes:
    """A page of one melody."""
    return write_pages([written], _form, manner)


def write_pages(every: Sequence[Written], _form: str, _manner: Manner) -> bytes:
    """A page of several melodies, to be chosen from by ear."""
    takes = [take_of(written, number) for number, written in enumerate(every)]
    scores = _scores(every, sum(len(json.dumps(take)) for take in takes))
    style, scripts = _asset("page.css"), [_asset(name) for name in _SCRIPTS]
    title = takes[0]["title"] if len(takes) == 1 else f"{len(takes)} melodies"
    data = {"takes": takes, "limits": SURPRISE_LIMITS, "without": _without(scores)}
    return _filled(
        _asset("page.html"),
        {
            "policy": _policy(style, scripts),
            "title": escape(title),
            "style": style,
            "data": _as_json(data),
            "scores": "\n".join(_framed(number, score) for number, score in enumerate(scores)),
            "scripts": "\n".join(f"<script>{script}</script>" for script in scripts),
        },
    ).encode()


def _asset(name: str) -> str:
    return files("melodyrnn.formats.page").joinpath(name).read_text(encoding="utf-8")


def _filled(template: str, values: Mapping[str, str]) -> str:
    """Put each value in its place; what a value holds is not looked at again."""
    return _PLACE.sub(lambda found: values[found[1]], template)


def _policy(style: str, scripts: Sequence[str]) -> str:
    """Nothing but these scripts and this style."""
    allowed = " ".join(map(_digest, scripts))
    return f"default-src 'none'; script-src {allowed}; style-src {_digest(style)}; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _as_json(data: Mapping[str, Any]) -> str:
    """JSON that can stand within a script element: no < and no & in it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _scores(every: Sequence[Written], others: int) -> list[str]:
    """The score of each melody, "" from where the page would become too large on."""
    found: list[str] = []
    room = _FOR_SCORES - others
    for number, written in enumerate(every):
        score = score_of(written, number) if room > 0 else ""
        room -= len(score)
        found.append(score if room > 0 else "")
    return found


def _without(scores: Sequence[str]) -> str:
    """Why scores are missing; "" where none is."""
    if not scores[0]:
        return "The score is not in this page. pip install 'melodyrnn[score]' brings what engraves it."
    return "" if all(scores) else "The score of this one did not fit into a page of one megabyte."


def _framed(number: int, score: str) -> str:
    return f'<div class="sheet" data-take="{number}" hidden>{score}</div>' if score else ""
