"""Text to tokens and back: GPT-2's byte-level BPE.

Every byte has a token, so any text survives the way there and back. A continuation is decoded as
bytes, because a character may span several tokens.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

END_OF_TEXT = "<|endoftext|>"


class BPETokenizer:
    """A byte-level BPE read from a `tokenizer.json`."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        tokenizer.encode_special_tokens = True  # a writer may type “<|endoftext|>” and mean it
        self.vocab_size: int = tokenizer.get_vocab_size()
        self.special_ids = frozenset(
            number
            for number, added in tokenizer.get_added_tokens_decoder().items()
            if added.special
        )
        self.end_id: int | None = tokenizer.token_to_id(END_OF_TEXT)
        alphabet = _byte_of_letter()
        self._bytes = [
            b""
            if number in self.special_ids
            else bytes(alphabet[letter] for letter in tokenizer.id_to_token(number) or "")
            for number in range(self.vocab_size)
        ]

    @classmethod
    def read(cls, path: Path) -> "BPETokenizer":
        """Read a `tokenizer.json`.

        Raises:
            ValueError: It is no byte-level BPE, or damaged.
            OSError: It cannot be read.
        """
        text = path.read_text(encoding="utf-8")
        try:
            return cls(Tokenizer.from_str(text))
        except ValueError:
            raise
        except KeyError as error:
            raise ValueError(f"{path.name} is no byte-level BPE") from error
        except Exception as error:  # tokenizers raises plain Exception for damaged JSON
            raise ValueError(f"{path.name} is damaged") from error

    def write(self, path: Path) -> None:
        """Write it as a `tokenizer.json`."""
        self._tokenizer.save(str(path))

    def encode(self, text: str) -> list[int]:
        """Return the tokens of `text`; what looks like a special token is ordinary text."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each text, on all cores."""
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [each.ids for each in encoded]

    def token_bytes(self, token: int) -> bytes:
        """Return the bytes that `token` stands for; none for a special one."""
        return self._bytes[token]

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of `tokens`; a character cut in two shows as U+FFFD."""
        return b"".join(self._bytes[token] for token in tokens).decode("utf-8", "replace")


def train_bpe(texts: Iterator[str], vocab_size: int) -> BPETokenizer:
    """Return a byte-level BPE of `vocab_size` tokens learned from `texts`."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return BPETokenizer(tokenizer)


def _byte_of_letter() -> dict[str, int]:
    """Return GPT-2's letter for each byte, turned round: printable ones stand for themselves."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = (byte for byte in range(256) if byte not in printable)
    letters = {chr(byte): byte for byte in printable}
    letters.update({chr(256 + number): byte for number, byte in enumerate(others)})
    return letters
