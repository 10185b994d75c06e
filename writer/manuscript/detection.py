"""Which encoding a file is in, or that it is no text at all.

The order: byte-order marks, UTF-16 by its NULs, UTF-8, UTF-8 with a few bad bytes, and then what
was used before Unicode. An answer always gives its bytes back.
"""

import re
from dataclasses import replace

from writer.manuscript.encoding import UTF_8, Decoded, Encoding, read_as
from writer.manuscript.legacy import read_legacy

_NO_TEXT = (
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"\xff\xd8\xff",
    b"PK\x03\x04",
    b"%PDF-",
    b"\x1f\x8b\x08",
    b"BZh91AY&SY",
    b"\xfd7zXZ\x00",
    b"7z\xbc\xaf\x27\x1c",
    b"\x7fELF",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"SQLite format 3\x00",
    b"OggS\x00",
    b"\x28\xb5\x2f\xfd",
)
"""What pictures, archives, office documents, programs and the like begin with."""

_MARKED = (
    Encoding("UTF-8", "utf-8", b"\xef\xbb\xbf"),
    Encoding("UTF-32", "utf-32-le", b"\xff\xfe\x00\x00"),
    Encoding("UTF-32", "utf-32-be", b"\x00\x00\xfe\xff"),
    Encoding("UTF-16", "utf-16-le", b"\xff\xfe"),
    Encoding("UTF-16", "utf-16-be", b"\xfe\xff"),
)
_UNMARKED_UTF_16 = (Encoding("UTF-16", "utf-16-le"), Encoding("UTF-16", "utf-16-be"))

_CONTROLS = bytes({*range(0x20), 0x7F} - set(b"\t\n\v\f\r\x1a\x1b"))
_HIGH = bytes(range(0x80, 0x100))
_EVERYDAY = re.compile("[\t\n\r\x20-\x7e\u2010-\u2026\u3000-\u30ff\uff00-\uff5e]")
_KNOWN = re.compile(
    "[\t\n\f\r\x20-\x7e\xa0-\u07ff\u0900-\u0e7f\u1e00-\u22ff\u2500-\u27bf\u3000-\u33ff"
    "\u4e00-\u9fff\uac00-\ud7a3\ufb00-\ufdff\ufe30-\ufeff\uff00-\uffef\U0001f000-\U0001faff]"
)


def decode(data: bytes) -> Decoded | None:
    """Decode the bytes of a file; None if they are no text."""
    if data.startswith(_NO_TEXT):
        return None
    for marked in _MARKED:
        if data.startswith(marked.bom) and (found := _read_unicode(data, marked)) is not None:
            return found
    if b"\0" in data:
        return _unmarked_utf_16(data)
    if _has_many_controls(data):
        return None
    return read_as(data, UTF_8) or _damaged_utf_8(data, UTF_8) or read_legacy(data)


def _read_unicode(data: bytes, marked: Encoding) -> Decoded | None:
    if marked.codec == "utf-8":
        found = read_as(data, marked) or _damaged_utf_8(data, marked)
    elif marked.codec.startswith("utf-32"):
        found = read_as(data, marked)
    else:
        found = _utf_16(data, marked)
    if found is None or "\0" in found.text:
        return None
    return None if _has_many_controls(found.text.encode("utf-8")) else found


def _utf_16(data: bytes, encoding: Encoding) -> Decoded | None:
    """Read UTF-16 that may have lost halves of pairs, or end in the middle of a character."""
    tail = data[-1:] if len(data) % 2 else b""
    whole = replace(encoding, tail=tail)
    found = read_as(data, whole) or read_as(data, replace(whole, errors="surrogatepass"))
    if found is None or found.encoding.damage(found.text) > max(2, len(found.text) // 100):
        return None
    return found


def _unmarked_utf_16(data: bytes) -> Decoded | None:
    """Read bytes with NULs as UTF-16 if one of its two orders makes everyday text of them."""
    zeros, foreign = data.count(0), len(data) - len(data.translate(None, _HIGH))
    if zeros * 5 < len(data) and foreign * 20 < len(data):  # plain letters and a few NULs
        return None
    readings = []
    for encoding in _UNMARKED_UTF_16:
        found = _utf_16(data, encoding)
        if found is None or "\0" in found.text:
            continue
        sample = found.text[:20_000]
        everyday = len(_EVERYDAY.findall(sample))
        if everyday * 50 >= len(sample) and len(_KNOWN.findall(sample)) >= 0.97 * len(sample):
            readings.append((everyday, found))
    best = max(readings, key=lambda reading: reading[0], default=None)
    if best is None or _has_many_controls(best[1].text.encode("utf-8")):
        return None
    return best[1]


def _damaged_utf_8(data: bytes, encoding: Encoding) -> Decoded | None:
    """Read UTF-8 in which the good characters beyond ASCII far outnumber the bad bytes.

    A long English text with one accented letter in Latin-1 is over 99.9 % UTF-8 too: it is not
    taken, for it has no good one.
    """
    valid = data.decode("utf-8", "ignore")
    good = len(valid) - len(data.translate(None, _HIGH))
    bad = len(data) - len(valid.encode("utf-8"))
    if good < 10 * bad and (bad * 1000 > len(data) or good < bad):
        return None
    return read_as(data, replace(encoding, errors="surrogateescape"))


def _has_many_controls(data: bytes) -> bool:
    controls = len(data) - len(data.translate(None, _CONTROLS))
    return controls > 4 and controls * 100 > len(data)
