"""The spines of a **kern text: at most two voices of a staff, which is what music21 can follow, and no dynamics.

A spine that splits (*^) and whose halves split again, or of which three join at once (*v *v *v), makes music21 lose
bars and notes. Of three voices or more the first and the next are kept: the first is the upper one. Spines of dynamics
(**dynam) are left out, for nothing is read of them and they cost as much time as voices.

Conventions: a column is what stands between tabs; a staff is a column of the first line and what it splits into.

Contents: with_two_voices.
"""

from __future__ import annotations

from itertools import groupby
from typing import Final, NamedTuple

_PATHS: Final = frozenset({"*^", "*v"})
_UNUSUAL: Final = frozenset({"*+", "*x"})  # spines that begin late, or change places
_SILENT: Final = frozenset({"**dynam", "**dyn"})
_MOST_COLUMNS: Final = 256


class _Column(NamedTuple):
    """A column of the text as it is."""

    staff: int
    kept: bool


def with_two_voices(lines: list[str]) -> list[str]:
    """Leave out dynamics, and third and further voices of each staff; a text with unusual spines stays as it is."""
    columns: list[_Column] = []
    voices: dict[int, int] = {}  # of each staff, how many are kept at most
    made: list[str] = []
    changed = False
    for line in lines:
        fields = line.rstrip("\r").split("\t")
        if not line.strip() or line.startswith("!!"):
            made.append(line)
            continue
        if not columns:
            columns = [_Column(staff, kept=field not in _SILENT) for staff, field in enumerate(fields)]
            voices = {column.staff: 2 * column.kept for column in columns}
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
            made += _written(columns, after, fields)
            columns = after
        else:
            made.append("\t".join(field for field, column in zip(fields, columns, strict=True) if column.kept))
        changed = changed or not all(column.kept for column in columns)
    return made if changed else lines


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


def _written(before: list[_Column], after: list[_Column], fields: list[str]) -> list[str]:
    """The lines that say the same of the columns that are kept: joins of one staff each, then all splits.

    Where two join and a third voice comes forward there are two before and after, and nothing is said.
    """
    plain = ["*" if field in _PATHS else field for field, column in zip(fields, before, strict=True) if column.kept]
    lines = ["\t".join(plain)] if set(plain) != {"*"} else []
    staves = list(dict.fromkeys(column.staff for column in before))
    width = {staff: sum(column.kept for column in before if column.staff == staff) for staff in staves}
    wanted = {staff: sum(column.kept for column in after if column.staff == staff) for staff in staves}
    for staff in staves:
        if wanted[staff] < width[staff]:
            lines.append("\t".join("*v" if other == staff else "*" for other in staves for _ in range(width[other])))
            width[staff] = 1
    if any(width[staff] < wanted[staff] for staff in staves):
        signs = {staff: "*^" if width[staff] < wanted[staff] else "*" for staff in staves}
        lines.append("\t".join(signs[staff] for staff in staves for _ in range(width[staff])))
    return lines
