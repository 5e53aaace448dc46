"""Built-in corpora whose music people get themselves: which of their files belong to them, and where they lie.

A TOML of `corpora/` names the collections that a corpus is chosen from, each with its repository and commit. What is
chosen is told by names alone, so that a clone of the repository and a folder of files taken from it give the same songs
under the same names. `corpus build NAME --from FOLDER` notes the folders down in the user's data folder.

Contents: Collection, collections_of, belonging; remember, remembered.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from melodyrnn.errors import CorpusError, OutputError
from melodyrnn.system import user_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MOST: Final = 1 << 20  # bytes of a note


class Collection(NamedTuple):
    """A public collection that songs are chosen from."""

    name: str
    repository: str
    commit: str  # that was looked at
    pattern: str  # how the stems of its files end, as an expression; "" where those that may be used are listed
    listed: frozenset[str]  # authors and title, letters and figures alone
    sung: bool  # what has no words is left out


def collections_of(tables: Sequence[dict[str, Any]]) -> tuple[Collection, ...]:
    """The collections that a TOML describes."""
    return tuple(
        Collection(
            told["name"], told["repository"], told["commit"], told.get("pattern", ""),
            frozenset(map(_plain, told.get("listed", ()))), bool(told.get("sung", False)),
        )
        for told in tables
    )  # fmt: skip


def belonging(collections: Sequence[Collection], paths: Iterable[str]) -> Iterator[tuple[str, str, Collection | None]]:
    """Of each file its path, what it is called in the corpus, and its collection; None where it is in none of them."""
    for path in paths:
        place = PurePath(path)
        called = _plain("".join(place.parent.parts[-2:])), _plain(place.stem)  # authors/title/title.mxl, or both in one
        for one in collections:
            found = re.search(f"(?:{one.pattern})$", place.stem) if one.pattern else None
            name = found[0] if found else next((name for name in called if name in one.listed), "")
            if name:
                yield path, name, one
                break
        else:
            yield path, place.stem, None


def _plain(text: str) -> str:
    """Letters and figures alone, small and without accents.

    >>> _plain("Claude_Debussy/Rêverie"), _plain("Claude-Debussy-Reverie")
    ('claudedebussyreverie', 'claudedebussyreverie')
    """
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", text).lower())


def remember(corpus: str, folders: Sequence[Path]) -> None:
    """Note down where the files of a corpus lie. Raises OutputError."""
    place = _note(corpus)
    if place is None:
        raise OutputError(f"{corpus}: there is no home folder to note down in where it lies; set XDG_DATA_HOME")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        told = json.dumps({"folders": [os.fsencode(folder.resolve()).hex() for folder in folders]})
        part = place.with_suffix(f".{os.getpid()}")
        part.write_text(told, encoding="utf-8")
        part.replace(place)
    except OSError as problem:
        raise OutputError(f"{place}: cannot be written ({problem.strerror})") from problem


def remembered(corpus: str) -> tuple[Path, ...]:
    """The folders where a corpus lies, () where nobody has said. Raises CorpusError for one that is gone."""
    place = _note(corpus)
    try:
        if place is None or not place.is_file() or place.stat().st_size > _MOST:
            return ()
        told = json.loads(place.read_text(encoding="utf-8"))["folders"]
        folders = tuple(Path(os.fsdecode(bytes.fromhex(name))) for name in told)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return ()
    for folder in folders:
        if not folder.is_dir():
            raise CorpusError(f"{corpus}: {folder} is gone; say again: melodyrnn corpus build {corpus} --from FOLDER")
    return folders


def _note(corpus: str) -> Path | None:
    """The file that says where a corpus lies; None for a user without a home."""
    home = user_folder("data")
    return home and home / "corpora" / f"{corpus}.json"
