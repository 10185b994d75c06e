"""Which of the encodings before Unicode a text is in.

A multi-byte one is chosen by evidence: the characters it gives must be those that its language uses
most. Among the single-byte ones charset-normalizer judges, and Latin-1, which takes any bytes, is
the last resort. Every answer gives its bytes back.
"""

import re
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from writer.manuscript.encoding import Decoded, Encoding, read_as

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

_PUNCTUATION = "，。、；：？！“”‘’（）《》「」『』…—　"
_SIMPLIFIED = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实"
    "日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政"
    "美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员"
    "走春夏秋冬夜雨风山水火花雪章节卷夫妇女男爱吗呢吧啊哪谁再让坐听笑哭眼站口气路吃今晚早"
)
_TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡"
    "用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實"
    "日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政"
    "美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員"
    "走春夏秋冬夜雨風山水火花雪章節卷夫婦女男愛嗎呢吧啊哪誰再讓坐聽笑哭眼站口氣路吃今晚早"
)
_KANA = "".join(map(chr, range(0x3041, 0x30FF)))
_HANGUL = (
    "이다는을의에가고를한은도하지로나어그들있서인사리기자시아라해것대보니수만여정일말게내으오부안면제거모러"
    "음람마우없주때신전원무과세저구장너야생했스었소속더할와동실알상조운났위난까요처공왔당분겨계집간방문날봄밤"
)


def _plane(codec: str, first_row: int, last_row: int) -> frozenset[str]:
    """Return the characters of some rows of a double-byte set, which are ordered by use."""
    rows, cells = range(first_row, last_row + 1), (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    pairs = (bytes((row, cell)).decode(codec, "ignore") for row in rows for cell in cells)
    return frozenset(character for character in pairs if len(character) == 1 and character > "\x7f")


_MULTI_BYTE = (
    (
        Encoding("GB18030", "gb18030"),
        frozenset(_PUNCTUATION + _SIMPLIFIED + _TRADITIONAL),
        _plane("gb2312", 0xB0, 0xD7),
    ),
    (
        Encoding("Big5", "big5hkscs"),
        frozenset(_PUNCTUATION + _TRADITIONAL),
        _plane("big5", 0xA4, 0xC6),
    ),
    (
        Encoding("Shift-JIS", "cp932"),
        frozenset(_PUNCTUATION + _KANA),
        _plane("euc_jp", 0xB0, 0xCF),
    ),
    (
        Encoding("EUC-JP", "euc_jp"),
        frozenset(_PUNCTUATION + _KANA),
        _plane("euc_jp", 0xB0, 0xCF),
    ),
    (
        Encoding("EUC-KR", "cp949"),
        frozenset(_PUNCTUATION + _HANGUL),
        _plane("euc_kr", 0xB0, 0xC8),
    ),
)
"""Encoding, the characters that its language uses most, and those of which most texts consist."""
_FAMILIAR = 0.3
"""What a merely familiar character weighs: a title of four ideographs may hold no frequent one."""
_CONVINCING = 0.28

_SINGLE_BYTE = {
    "cp1252": "Windows-1252",
    "cp1251": "Windows-1251",
    "koi8_r": "KOI8-R",
    "cp1250": "Windows-1250",
    "cp1253": "Windows-1253",
    "cp1254": "Windows-1254",
}
"""By codec, the likeliest first: the order decides where the judge sees no difference."""

_LATIN_1 = Encoding("Latin-1", "latin-1")
_TOLERANT = "surrogateescape"
_HIGH = re.compile(rb"[\x80-\xff]+")
_LONELY = re.compile(r"(?<![^\x00-\x7f])[^\x00-\x7f](?![^\x00-\x7f])")
_C1 = re.compile(rb"[\x80-\x9f]")


def read_legacy(data: bytes) -> Decoded:
    """Decode bytes that are in no form of Unicode."""
    sample = _sample(data)
    found = _multi_byte(data, sample) or _single_byte(data, sample) or read_as(data, _LATIN_1)
    assert found is not None, "Latin-1 reads everything"
    return found


def _multi_byte(data: bytes, sample: bytes) -> Decoded | None:
    scores = {
        encoding: _evidence(sample.decode(encoding.codec, "replace"), frequent, familiar)
        for encoding, frequent, familiar in _MULTI_BYTE
    }
    for encoding in sorted(scores, key=lambda encoding: -scores[encoding]):
        if scores[encoding] < _CONVINCING:
            break
        # A few bad bytes, such as a character cut in two at the end, must not hide a novel.
        found = read_as(data, encoding) or read_as(data, replace(encoding, errors=_TOLERANT))
        if found is not None and found.encoding.damage(found.text) * 100 <= len(found.text) + 100:
            return found
    return None


def _evidence(text: str, frequent: frozenset[str], familiar: frozenset[str]) -> float:
    """Return how usual the characters beyond ASCII are, from 0 to 1; 0 rules the encoding out.

    Accented letters that are read as ideographs stand alone between ASCII letters: “M鰊ch”.
    """
    foreign = [character for character in text if character > "\x7f"]
    bad = foreign.count("\ufffd")
    if bad > max(1, len(foreign) // 100) or bad * 10 > len(foreign):
        return 0.0
    if len(foreign) > 1 and len(_LONELY.findall(text)) * 3 > len(foreign):
        return 0.0
    known = sum(character in familiar for character in foreign) * _FAMILIAR
    used = sum(character in frequent for character in foreign) * (1 - _FAMILIAR)
    return (known + used) / len(foreign)


def _single_byte(data: bytes, sample: bytes) -> Decoded | None:
    from charset_normalizer import from_bytes  # 4 MB of tables, and nearly every text is UTF-8

    judged = list(from_bytes(sample, steps=20, cp_isolation=list(_SINGLE_BYTE)))
    for codec in (*_by_plausibility(judged), "cp1252"):
        # The web's rule: what is called Latin-1 is Windows-1252, which has the curly quotes.
        plain = codec == "cp1252" and not _C1.search(data)
        name = "Latin-1" if plain else _SINGLE_BYTE[codec]
        found = read_as(data, Encoding(name, codec))
        if found is not None:
            return found
    return None


def _by_plausibility(judged: "list[CharsetMatch]") -> list[str]:
    """Return the codecs no worse than the best by a hair, likeliest first.

    The judge's coherence is left out: it took English with one accented letter for Hungarian.
    """
    if not judged:
        return []
    chaos = min(match.chaos for match in judged) + 0.03
    near = [match for match in judged if match.chaos <= chaos]
    order = list(_SINGLE_BYTE)
    codecs = {
        codec: _capitals(str(match))
        for match in near
        for codec in match.could_be_from_charset
        if codec in _SINGLE_BYTE
    }
    return sorted(codecs, key=lambda codec: (codecs[codec], order.index(codec)))


def _capitals(text: str) -> bool:
    """Tell whether most foreign letters are capitals: KOI8-R and Windows-1251 swap the case."""
    letters = [character for character in text if character > "\x7f" and character.isalpha()]
    return sum(map(str.isupper, letters)) * 2 > len(letters)


def _sample(data: bytes) -> bytes:
    """Return the first stretches of `data` around bytes beyond ASCII, some 40 KB at most."""
    pieces, done = [], 0
    for match in islice(_HIGH.finditer(data), 400):
        start = max(done, match.start() - 40)
        done = max(start, min(match.end(), match.start() + 4000) + 40)
        pieces.append(data[start:done])
    return b"".join(pieces)[:40_000]
