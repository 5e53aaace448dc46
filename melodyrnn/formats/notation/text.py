"""The text of a score: encodings, zip files, titles.

Contents: decoded, is_packed, unpacked (a compressed MusicXML), MAX_SCORE_BYTES; title_of and as_meant (letters
of ABC files).
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
import zlib
from typing import Final
from xml.etree import ElementTree as ET

from melodyrnn.errors import Unreadable

MAX_SCORE_BYTES: Final = 64 << 20  # of XML, also after unpacking
_CONTAINER: Final = "META-INF/container.xml"
_PLAIN: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})  # what scores are packed with
_LOCKED: Final = 0x1 | 0x20 | 0x40  # flags: encrypted, a patch, strongly encrypted
_DAMAGED: Final = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, ValueError, EOFError, OSError)
"""What zipfile raises for damaged archives; ValueError for an offset before the beginning."""


def decoded(raw: bytes | str) -> str:
    """Decode as UTF-8 (or UTF-16 with its mark), and older files as Latin-1."""
    if isinstance(raw, str):
        return raw
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def is_packed(raw: bytes | str) -> bool:
    """Whether these are the bytes of a zip file."""
    return isinstance(raw, bytes) and raw[:4] in {b"PK\x03\x04", b"PK\x05\x06"}


def unpacked(raw: bytes | str, name: str) -> str:
    """The score inside a compressed MusicXML file, unpacked no further than the limit. Raises Unreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw if isinstance(raw, bytes) else raw.encode())) as archive:
            if any(info.flag_bits & _LOCKED or info.compress_type not in _PLAIN for info in archive.infolist()):
                raise Unreadable(name, "not-notation", "a zip file that is encrypted, or packed as no score is")
            inside = [info.filename for info in archive.infolist()]
            inner = _root_file(archive, name) if _CONTAINER in inside else None
            inner = inner or next((path for path in inside if _may_be_score(path)), None)
            if inner not in inside:
                raise Unreadable(name, "not-notation", "a zip file without a score in it")
            return decoded(_entry(archive, inner, name))
    except NotImplementedError as error:  # what zipfile raises for a later version of the zip format than it knows
        raise Unreadable(name, "not-notation", f"packed as no score is: {error}") from error
    except _DAMAGED as error:
        raise Unreadable(name, "cut-short", f"not a whole zip file: {error}") from error


def _may_be_score(path: str) -> bool:
    """Whether a file of an archive may be the score; macOS puts a file ._x.xml of its own beside each."""
    folders, _, last = path.rpartition("/")
    hidden = last.startswith("._") or "__MACOSX" in folders.split("/") or "META-INF" in folders.split("/")
    return not hidden and last.lower().endswith((".xml", ".musicxml"))


def _entry(archive: zipfile.ZipFile, path: str, name: str) -> bytes:
    """Unpack one file, whatever size the archive says it has. Raises Unreadable: 'too-large'."""
    info = archive.getinfo(path)
    info.file_size = MAX_SCORE_BYTES + 2  # where zipfile stops and looks at the checksum, if not at the end before
    with archive.open(info) as packed:
        data = packed.read(MAX_SCORE_BYTES + 1)
    if len(data) > MAX_SCORE_BYTES:
        raise Unreadable(name, "too-large", f"unpacks to more than {MAX_SCORE_BYTES} bytes")
    return data


def _root_file(archive: zipfile.ZipFile, name: str) -> str | None:
    """The path that META-INF/container.xml names: of several the first that may be a score."""
    try:
        container = ET.fromstring(_entry(archive, _CONTAINER, name))  # noqa: S314 - expat limits entity growth
    except (ET.ParseError, LookupError, ValueError):  # no XML, or in letters that expat does not know
        return None
    named = [path for one in container.iter() if one.tag.endswith("rootfile") and (path := one.get("full-path"))]
    return next((path for path in named if _may_be_score(path)), named[0] if named else None)


_ACCENTS: Final = {"`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", '"': "\u0308"}
_IN_A_WORD: Final = re.compile("(?<=[A-Za-z])[\x81\x82\x84\x94](?=[a-z])")
_HIGH: Final = {n: bytes([n]) for n in range(0x80, 0xA0)}
_DOS: Final = {n: raw.decode("cp850") for n, raw in _HIGH.items()} | {ord("á"): "ß"}
_WINDOWS: Final = {n: raw.decode("cp1252", "ignore") for n, raw in _HIGH.items()}


def title_of(text: str) -> str:
    """The text of a T: field, accents written after a backslash put on their letters (standard 2.1, section 8.2)."""
    accented = re.sub(r"\\([`'^~\"])([A-Za-z])", lambda match: match[2] + _ACCENTS[match[1]], text)
    return unicodedata.normalize("NFC", accented)


def as_meant(text: str) -> str:
    """A text with the letters that its writer saw, where DOS or Windows wrote it and somebody read it as Latin-1.

    Latin-1 has control characters where those have letters and marks; no text wants them. DOS has ü, é, ä and ö where
    Windows has marks that do not stand inside a word. Essen's DOS files came to music21 as UTF-8 in this way, mixed
    with sound text: only what is sure is changed, those 32 characters and á, which is DOS's ß.
    """
    if not re.search("[\x80-\x9f]", text):
        return text
    return text.translate(_DOS if _IN_A_WORD.search(text) else _WINDOWS)
