"""From the bytes of a score to its text: encodings, and the zip file that a compressed MusicXML is.

Contents: decoded, unpacked; the limit MAX_BYTES.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Final
from xml.etree import ElementTree as ET

from melodyrnn.errors import Unreadable

MAX_BYTES: Final = 64 << 20  # of XML, also after unpacking
_PLAIN: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})  # what scores are packed with
_LOCKED: Final = 0x1 | 0x20 | 0x40  # flags: encrypted, a patch, strongly encrypted
_DAMAGED: Final = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    ValueError,  # an offset before the beginning
    EOFError,
    OSError,
)
"""What zipfile raises for damaged archives."""


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
            if sum(sizes.values()) > MAX_BYTES:
                raise Unreadable(name, "too-large", f"unpacks to {sum(sizes.values())} bytes; the limit is {MAX_BYTES}")
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
