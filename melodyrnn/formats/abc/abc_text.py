"""An ABC file as text: its tunes, one by one, without what is no music.

Conventions (ABC standard 2.1, sections 2.2 and 4.6)
    L:, M: and Q: before the first X: hold for every tune that does not say its own.
    A blank line ends a tune, and what follows is free text; music after a blank line that nothing but a slip put there
    is read on. What stands between %%begintext and %%endtext (or any other name) is text too.

Contents: FOLDED; split_abc (a file → its tunes), without_comment (a line), is_prose (words, where music is expected).
"""

from __future__ import annotations

import re
from typing import Final

from melodyrnn.formats.notation.text import as_meant

FOLDED: Final = "%%abc-creator melodyrnn"
"""In a tune of ours: what stands between its repeat signs is heard twice."""
_TUNE: Final = re.compile(r"^[ \t]*X:[ \t]*(\S*).*$", re.MULTILINE)
_KEY_LINE: Final = re.compile(r"^[ \t]*K:", re.MULTILINE)
_FOR_ALL: Final = re.compile(r"^[ \t]*([LMQ]):.*$", re.MULTILINE)
_BLOCK: Final = re.compile(r"%%(begin|end)([a-z]{1,20})")
_BLANK: Final = re.compile(r"\n(?:[ \t]*\n)+")
_COMMENT: Final = re.compile(r'"[^"]*"|\\%|%')
_QUOTED: Final = re.compile(r'"[^"]*"|![^!\s]{0,30}!')
_PROSE: Final = re.compile(
    r"(?<![A-Za-z])[A-Za-z]{0,20}[h-tw][A-Za-z]{1,20}|(?<![A-Za-z])[A-Za-z]{1,20}[h-tw](?![A-Za-z])"
)
_APART: Final = re.compile(r"(?<=[A-Ga-gz,']) (?=(?:[0-9]{1,2}(?:/[0-9]{1,2})?|/[0-9]{0,2})(?: |$))")
_LONGEST_FIELD: Final = 200  # characters of a field that holds for every tune


def split_abc(text: str) -> list[tuple[str, str]]:
    """Split a file into its tunes: (number after X:, text) in order; without X: those that blank lines part."""
    text = _without_blocks(as_meant(text))
    marks = list(_TUNE.finditer(text))
    if not marks:
        return [(str(n), _without_free_text(tune)) for n, tune in enumerate(_without_numbers(text), 1)]
    ends = [match.start() for match in marks[1:]] + [len(text)]
    header = _file_header(text[: marks[0].start()])
    return [
        (match[1] or str(n), _with_header(match[0], header, _without_free_text(text[match.end() : end])))
        for n, (match, end) in enumerate(zip(marks, ends, strict=True), 1)
    ]


def _without_blocks(text: str) -> str:
    """Leave out %%begintext … %%endtext and their like; one that nothing ends goes to the next blank line."""
    if "%%begin" not in text:
        return text
    lines = text.split("\n")
    signs = [_BLOCK.match(line.lstrip()) for line in lines]
    ends = {sign[2]: n for n, sign in enumerate(signs) if sign and sign[1] == "end"}  # the last of each name
    kept, inside, closed = [], "", False
    for n, (line, sign) in enumerate(zip(lines, signs, strict=True)):
        if inside:
            over = (sign is not None and sign.groups() == ("end", inside)) if closed else not line.strip()
            inside = "" if over else inside
        elif sign and sign[1] == "begin":
            inside, closed = sign[2], ends.get(sign[2], -1) > n
        else:
            kept.append(line)
    return "\n".join(kept)


def _file_header(text: str) -> dict[str, str]:
    """The fields for every tune that stand before the first one: letter → line."""
    if _KEY_LINE.search(text):  # a tune without a number
        return {}
    return {match[1]: match[0].strip()[:_LONGEST_FIELD] for match in _FOR_ALL.finditer(text)}


def _with_header(first: str, header: dict[str, str], rest: str) -> str:
    """A tune, its first line and the rest, with the fields for every tune that it does not have itself."""
    if header:
        key = _KEY_LINE.search(rest)
        own = {match[1] for match in _FOR_ALL.finditer(rest, 0, key.start() if key else len(rest))}
        first = "\n".join([first, *(line for letter, line in header.items() if letter not in own)])
    return first + rest


def _without_free_text(tune: str) -> str:
    """A tune without the text that follows it after a blank line."""
    parts = _BLANK.split(tune)
    kept = parts[:1]
    in_body = bool(_KEY_LINE.search(parts[0]))
    for part in parts[1:]:
        if in_body and part.strip() and not _goes_on(part):
            break
        in_body = in_body or bool(_KEY_LINE.search(part))
        kept.append(part)
    return "\n".join(kept)


def _goes_on(part: str) -> bool:
    """Whether what stands after a blank line belongs to the tune: lines with bar lines, or fields of its body."""
    if _KEY_LINE.search(part) and re.search(r"^[ \t]*T:", part, re.MULTILINE):
        return False  # another tune, its number left out
    lines = [bare for line in part.split("\n") if (bare := without_comment(line).strip())]
    return all(
        re.match(r"[A-Za-z+]:(?!:)|\[[A-Za-z]:", line) or ("|" in line and not is_prose(line, 2)) for line in lines
    )


def is_prose(line: str, words: int) -> bool:
    """Whether a line holds so many words with letters that are no notes (h to t, w beside another letter)."""
    found = _PROSE.finditer(_QUOTED.sub(" ", line))
    return sum(1 for _ in zip(found, range(words), strict=False)) == words


def without_comment(line: str) -> str:
    r"""A line up to its comment; a % in quotes or after a backslash begins none.

    >>> without_comment('"50%"CDEF % slower'), without_comment(r'T:100\% wool')
    ('"50%"CDEF ', 'T:100\\% wool')
    """
    if "%" not in line:
        return line
    return next((line[: match.start()] for match in _COMMENT.finditer(line) if match[0] == "%"), line)


def _without_numbers(text: str) -> list[str]:
    r"""The tunes of a text that has no X:, parted by blank lines where each part has a K: of its own.

    So folk-rnn writes them, with its tokens apart: a length that stands alone is that of the note before it.

    >>> _without_numbers("M:4/4\nK:C\nG 2 c /2 |")
    ['M:4/4\nK:C\nG2 c/2 |']
    """
    parts = [part for part in re.split(r"\n[ \t]*\n", text) if part.strip()]
    if not parts or not all(re.search(r"^K:", part, re.MULTILINE) for part in parts):
        parts = [text]
    music = re.compile(r"^(?![A-Za-z]:).*$", re.MULTILINE)
    return [music.sub(lambda line: _APART.sub("", line[0]), part) for part in parts]
