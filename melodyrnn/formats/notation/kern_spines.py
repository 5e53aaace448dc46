"""The spines of a **kern text: at most two voices of a staff, which is what music21 can follow, and no dynamics.

A spine that splits (*^) and whose halves split again, or of which three join at once (*v *v *v), makes music21 lose
bars and notes. Of three voices or more the first and the next are kept: the first is the upper one. Spines of dynamics
(**dynam) are left out, for nothing is read of them and they cost as much time as voices.

Voices that join and split again before anything begins (*v *v, *^) stay apart: music21 puts what follows the second
split behind the last bar. So a join is written down when the staff goes on as one, which is most often at the bar line.

Conventions: a column is what stands between tabs; a staff is a column of the first line and what it splits into.

Contents: with_two_voices.
"""

from __future__ import annotations

from itertools import groupby
from typing import Final, NamedTuple

_PATHS: Final = frozenset({"*^", "*v"})
_UNUSUAL: Final = frozenset({"*+", "*x"})  # spines that begin late, or change places
_SILENT: Final = frozenset({"**dynam", "**dyn"})
_NOTHING: Final = {"*": "*", "!": "!"}  # what says nothing in a line of interpretations, or comments; else a dot
_MOST_COLUMNS: Final = 256


class _Column(NamedTuple):
    """A column of the text as it is."""

    staff: int
    kept: bool


def with_two_voices(lines: list[str]) -> list[str]:
    """Leave out dynamics, and third and further voices of each staff; a text with unusual spines stays as it is."""
    columns: list[_Column] = []
    voices: dict[int, int] = {}  # of each staff, how many are kept at most
    late: set[int] = set()  # staves whose join is put off: one column in the text, still two in what is made
    made: list[str] = []
    for line in lines:
        fields = line.rstrip("\r").split("\t")
        if not line.strip() or line.startswith("!!"):
            made.append(line)
            continue
        if not columns:
            columns = [_Column(staff, kept=field not in _SILENT) for staff, field in enumerate(fields)]
            voices = {staff: 2 * width for staff, width in _widths(columns).items()}
        if (
            len(fields) != len(columns)
            or not any(voices.values())
            or _UNUSUAL.intersection(fields)
            or len(columns) > _MOST_COLUMNS
        ):
            return lines
        if line.startswith("*") and _PATHS.intersection(fields):
            after = _after(columns, fields, voices)
            if after is None:
                return lines
            plain = _row(columns, ["*" if field in _PATHS else field for field in fields], late)
            made += ["\t".join(plain)] if set(plain) != {"*"} else []
            there, wanted = _written(columns, late), _widths(after)
            made += _signed(there, "*^", {staff for staff in there if there[staff] < wanted[staff]})
            columns, late = after, {staff for staff in there if there[staff] > wanted[staff]}
            continue
        for staff in sorted(late & _going(columns, fields)):
            made += _signed(_written(columns, late), "*v", {staff})
            late.remove(staff)
        made.append("\t".join(_row(columns, fields, late)))
    return made


def _widths(columns: list[_Column]) -> dict[int, int]:
    """How many columns of each staff are kept."""
    widths = dict.fromkeys((column.staff for column in columns), 0)
    for column in columns:
        widths[column.staff] += column.kept
    return widths


def _after(columns: list[_Column], fields: list[str], voices: dict[int, int]) -> list[_Column] | None:
    """The columns behind a line that splits or joins some; None where columns of two staves join."""
    found: list[_Column] = []
    for joins, run in groupby(zip(columns, fields, strict=True), key=lambda pair: pair[1] == "*v"):
        pairs = list(run)
        if joins:
            if len({column.staff for column, _ in pairs}) > 1:
                return None
            found.append(_Column(pairs[0][0].staff, any(column.kept for column, _ in pairs)))
            continue
        for column, field in pairs:
            found += [column, _Column(column.staff, kept=False)] if field == "*^" else [column]
    for staff in {column.staff for column in found}:
        mine = [place for place, column in enumerate(found) if column.staff == staff]
        missing = min(voices[staff], len(mine)) - sum(found[place].kept for place in mine)
        for place in [place for place in mine if not found[place].kept][: max(0, missing)]:
            found[place] = _Column(staff, kept=True)
    return found


def _written(columns: list[_Column], late: set[int]) -> dict[int, int]:
    """How many columns of each staff stand in what is made."""
    return {staff: width + (staff in late) for staff, width in _widths(columns).items()}


def _row(columns: list[_Column], fields: list[str], late: set[int]) -> list[str]:
    """The fields that are kept; the second voice of a staff whose join is put off is silent."""
    row: list[str] = []
    for column, field in zip(columns, fields, strict=True):
        if column.kept:
            row += [field, _NOTHING.get(field[:1], ".")] if column.staff in late else [field]
    return row


def _going(columns: list[_Column], fields: list[str]) -> set[int]:
    """The staves that have a note, rest, bar line or end in these fields."""
    return {
        column.staff
        for column, field in zip(columns, fields, strict=True)
        if field == "*-" or (field != "." and field[:1] not in _NOTHING)
    }


def _signed(widths: dict[int, int], sign: str, staves: set[int]) -> list[str]:
    """The line in which the columns of some staves have a sign, if there are any."""
    line = "\t".join(sign if staff in staves else "*" for staff, width in widths.items() for _ in range(width))
    return [line] if staves else []
