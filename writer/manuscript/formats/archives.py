"""Looking into DOCX, ODT and EPUB files before anything reads them: they are ZIP archives.

Damaged, huge and locked ones are refused here, in words; what describes the document (title,
author) is read here, too.
"""

import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO

from writer.manuscript.formats.flow import clean
from writer.manuscript.formats.pandoc import Cancelled, PandocFailed

_MB = 1_000_000
TEXT_LIMIT_BYTES = 200 * _MB
"""Of all texts of an archive together, unpacked: War and Peace as a DOCX has 15 MB."""
_ENTRY_LIMIT = 20_000
_PIECE = 1 << 20
_PROPERTIES_LIMIT = 1 * _MB
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_TEXTS = (".xml", ".xhtml", ".html", ".htm", ".opf", ".ncx", ".rels", ".css")
_PROPERTIES = {"docx": "docProps/core.xml", "odt": "meta.xml"}
_NEEDED = {"docx": "word/", "odt": "content.xml", "epub": "META-INF/container.xml"}
_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
_CUSTOM = "docProps/custom.xml"
_DAMAGED = "it is damaged"


class Archive:
    """A document's archive, looked through."""

    def __init__(self, data: bytes, kind: str, cancelled: Callable[[], bool]) -> None:
        """Unpack all of its texts once, keeping none.

        Args:
            data: The file's bytes.
            kind: docx, odt or epub.
            cancelled: Asked while unpacking.

        Raises:
            PandocFailed: with the reason why it cannot be read.
            Cancelled: `cancelled` said so.
        """
        if data.startswith(_OLD_OFFICE):
            raise PandocFailed(
                "it is in Word's old format or protected by a password; "
                "save it as an ordinary DOCX first"
            )
        try:
            self._archive = zipfile.ZipFile(BytesIO(data))
            self._check(kind, cancelled)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise PandocFailed(f"it is damaged, or no {kind.upper()} file") from error
        except (ValueError, OverflowError, OSError, RuntimeError) as error:
            raise PandocFailed(_DAMAGED) from error
        self._kind = kind

    def _check(self, kind: str, cancelled: Callable[[], bool]) -> None:
        entries = self._archive.infolist()
        if not any(entry.filename.startswith(_NEEDED[kind]) for entry in entries):
            raise PandocFailed(f"it is no {kind.upper()} file")
        if len(entries) > _ENTRY_LIMIT:
            raise PandocFailed(f"it holds more than {_ENTRY_LIMIT:,} files")
        if any(entry.flag_bits & 1 for entry in entries):
            raise PandocFailed("it is protected by a password")
        if kind == "epub" and self._is_protected():
            raise PandocFailed("it is copy-protected")
        if kind == "odt" and self._is_locked():
            raise PandocFailed("it is protected by a password")
        texts = [each for each in entries if each.filename.lower().endswith(_TEXTS)]
        self._unpack(texts, cancelled)

    def _unpack(self, entries: list[zipfile.ZipInfo], cancelled: Callable[[], bool]) -> None:
        """Read all of the texts: sizes that are only claimed prove nothing."""
        total = self.text_bytes = 0
        for entry in entries:
            if total + entry.file_size > TEXT_LIMIT_BYTES:
                raise PandocFailed(f"its text has more than {TEXT_LIMIT_BYTES // _MB} MB")
            with self._archive.open(entry) as file:
                while piece := file.read(_PIECE):
                    total += len(piece)
                    if cancelled():
                        raise Cancelled
                    if total > TEXT_LIMIT_BYTES:
                        raise PandocFailed(f"its text has more than {TEXT_LIMIT_BYTES // _MB} MB")
        self.text_bytes = total

    def _is_protected(self) -> bool:
        """Tell whether chapters are encrypted; fonts often are, and do not matter."""
        names = self._archive.namelist()
        if "META-INF/encryption.xml" not in names:
            return False
        found = self._read("META-INF/encryption.xml").lower()
        return b".xhtml" in found or b".html" in found

    def _is_locked(self) -> bool:
        """Tell whether an ODT is encrypted; its archive is not."""
        name = "META-INF/manifest.xml"
        return name in self._archive.namelist() and b"encryption-data" in self._read(name)

    def _read(self, name: str) -> bytes:
        with self._archive.open(name) as file:
            return file.read(_PROPERTIES_LIMIT)

    def properties(self) -> dict[str, str]:
        """Return title, creator and language, as far as the archive names them."""
        name = _PROPERTIES.get(self._kind, "")
        if name not in self._archive.namelist():
            return {}
        data = self._read(name)
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            return {}
        try:
            root = ET.fromstring(data)
        except ET.ParseError:
            return {}
        found: dict[str, str] = {}
        for key in ("title", "creator", "language"):
            element = root.find(f".//{_DUBLIN_CORE}{key}")
            if element is not None and element.text:
                found[key] = " ".join(clean(element.text).split())
        return found

    def has_property(self, name: str) -> bool:
        """Tell whether a DOCX has a property of this name of its own."""
        if _CUSTOM not in self._archive.namelist():
            return False
        return f'"{name}"'.encode() in self._read(_CUSTOM)
