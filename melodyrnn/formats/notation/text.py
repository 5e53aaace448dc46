"""The text of a score: encodings, zip files, titles.

Contents: decoded, unpacked (a compressed MusicXML), MAX_SCORE_BYTES; title_of and as_meant (the letters of ABC files).
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


def unpacked(raw: bytes | str, name: str) -> str:
    """The score inside a compressed MusicXML file, its size checked before it is unpacked. Raises Unreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw if isinstance(raw, bytes) else raw.encode())) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            if (size := sum(sizes.values())) > MAX_SCORE_BYTES:
                raise Unreadable(name, "too-large", f"unpacks to {size} bytes; the limit is {MAX_SCORE_BYTES}")
            if any(info.flag_bits & _LOCKED or info.compress_type not in _PLAIN for info in archive.infolist()):
                raise Unreadable(name, "not-notation", "a zip file that is encrypted, or packed as no score is")
            inner = _root_file(archive) if "META-INF/container.xml" in sizes else None
            inner = inner or next((n for n in sizes if n.endswith((".xml", ".musicxml")) and "META-INF" not in n), None)
            if inner not in sizes:
                raise Unreadable(name, "not-notation", "a zip file without a score in it")
            return decoded(archive.read(inner))
    except NotImplementedError as error:  # what zipfile raises for a later version of the zip format than it knows
        raise Unreadable(name, "not-notation", f"packed as no score is: {error}") from error
    except _DAMAGED as error:
        raise Unreadable(name, "cut-short", f"not a whole zip file: {error}") from error


def _root_file(archive: zipfile.ZipFile) -> str | None:
    """The path that META-INF/container.xml names."""
    try:
        container = ET.fromstring(archive.read("META-INF/container.xml"))  # noqa: S314 - expat limits entity growth
    except (ET.ParseError, LookupError, ValueError):  # no XML, or in letters that expat does not know
        return None
    for element in container.iter():
        if element.tag.endswith("rootfile"):
            return element.get("full-path")
    return None


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
