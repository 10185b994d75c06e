"""An encoding that gives back exactly the bytes it read, bad ones too.

What an editor cannot hold (bytes that are no UTF-8, halves of surrogate pairs, two noncharacters
that Qt takes for line ends) is stood in for by private-use characters that the text does not use,
and turned back on saving. Nothing here guesses: `detection` does.
"""

import re
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

_UNFIT = re.compile("[\ud800-\udfff\ufdd0\ufdd1]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_PRIVATE_USE = (range(0xE000, 0xF900), range(0xF0000, 0xFFFFE))


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one file's characters are stored."""

    name: str
    """As people know it: “GB18030”, “Latin-1”."""
    codec: str
    """As Python knows it."""
    bom: bytes = b""
    """What precedes the text on disk."""
    tail: bytes = b""
    """An odd byte after the last whole character, kept there."""
    errors: str = "strict"
    """Of the codec; others than strict only where `stand_ins` turn the errors back."""
    stand_ins: tuple[tuple[str, str], ...] = ()
    """(private-use character in the text, what it stands for) pairs."""

    def encode(self, text: str) -> bytes:
        r"""Return the bytes of `text`, whose line ends are already those of the file.

        Raises:
            UnicodeEncodeError: a character that the encoding lacks.
        """
        raw = text
        if self.stand_ins:
            raw = text.translate({ord(private): real for private, real in self.stand_ins})
        body = raw.encode(self.codec, self.errors)
        if not (self.stand_ins or self.codec.startswith("utf")):
            self._refuse_look_alikes(raw, body)
        return self.bom + body + self.tail

    def _refuse_look_alikes(self, raw: str, body: bytes) -> None:
        """Raise if a character was written as another: Shift-JIS makes the yen sign a backslash."""
        back = body.decode(self.codec)
        if back != raw:
            pairs = enumerate(zip(raw, back, strict=False))
            at = next((index for index, (meant, got) in pairs if meant != got), len(back) - 1)
            raise UnicodeEncodeError(self.codec, raw, at, at + 1, "it comes back as another")

    def to_utf8(self) -> "Encoding":
        """Return UTF-8 for a text that was read in this encoding."""
        if self.codec == "utf-8":
            return self
        kept = tuple(
            (private, "\ufffd" if _SURROGATES.match(real) else real)
            for private, real in self.stand_ins
        )
        return replace(UTF_8, stand_ins=kept)

    def damage(self, text: str) -> int:
        """Return how many places of `text` are no characters in this encoding."""
        bad = (private for private, real in self.stand_ins if _SURROGATES.match(real))
        return sum(map(text.count, bad)) + len(self.tail)


UTF_8 = Encoding("UTF-8", "utf-8")


class Decoded(NamedTuple):
    """A text and the encoding that turns it back into its bytes."""

    text: str
    encoding: Encoding


def read_as(data: bytes, encoding: Encoding) -> Decoded | None:
    """Decode `data`; None if it is not in this encoding or would not come back byte for byte."""
    if not data.startswith(encoding.bom):
        return None
    body = data[len(encoding.bom) : len(data) - len(encoding.tail)]
    try:
        raw = body.decode(encoding.codec, encoding.errors)
        text, stand_ins = _stood_in(raw)
        exact = replace(encoding, stand_ins=stand_ins)
        return Decoded(text, exact) if exact.encode(text) == data else None
    except UnicodeError:
        return None


def storable(text: str) -> str:
    r"""Return `text` as a file can hold it: \n only, no NUL, no half of a surrogate pair.

    An editor may hand over any of them; none is a letter of the writer's. Halves that belong
    together are joined, lone ones become U+FFFD.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\u2029" in text:
        text = text.replace("\u2029", "\n")
    if "\0" in text:
        text = text.replace("\0", "")
    if _SURROGATES.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _stood_in(raw: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    unfit = sorted(set(_UNFIT.findall(raw)))
    if not unfit:
        return raw, ()
    used = set(raw)
    free = (chr(code) for code in chain(*_PRIVATE_USE) if chr(code) not in used)
    stand_ins = tuple(zip(free, unfit, strict=False))
    return raw.translate({ord(real): private for private, real in stand_ins}), stand_ins
