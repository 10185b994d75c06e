"""Text to tokens and back: GPT-2's byte-level BPE.

Every byte has a token, so any text survives the way there and back. A continuation is decoded as
bytes, because a character may span several tokens.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from writer.checkpoints.spelling import Spelling, whole

END_OF_TEXT = "<|endoftext|>"
_LARGEST = 1 << 20  # vocabulary: a larger one is damage


class BPETokenizer:
    """A byte-level BPE read from a `tokenizer.json`."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        tokenizer.encode_special_tokens = True  # a writer may type “<|endoftext|>” and mean it
        vocabulary = tokenizer.get_vocab()
        alphabet = _byte_of_letter()
        if not alphabet.keys() <= vocabulary.keys():
            raise ValueError("the tokenizer has no token for some bytes")
        self.vocab_size = 1 + max(vocabulary.values())
        if self.vocab_size > _LARGEST:
            raise ValueError(f"the tokenizer speaks of {self.vocab_size} tokens")
        self.end_id: int | None = vocabulary.get(END_OF_TEXT)
        added = tokenizer.get_added_tokens_decoder()
        special = {number for number, token in added.items() if token.special}
        self.special_ids = frozenset(special if self.end_id is None else special | {self.end_id})
        said = [b""] * self.vocab_size
        for token, number in vocabulary.items():
            if number not in self.special_ids:
                said[number] = bytes(alphabet[letter] for letter in token)
        # A text opens behind another's end, or behind a line end where ends have no mark.
        opening = self.encode("\n") if self.end_id is None else [self.end_id]
        self.opening: tuple[int, ...] = tuple(opening)
        self._spelling = Spelling(said)

    @classmethod
    def read(cls, path: Path) -> "BPETokenizer":
        """Read a `tokenizer.json`.

        Raises:
            ValueError: It is no byte-level BPE, or damaged.
            OSError: It cannot be read.
        """
        data = path.read_bytes()
        try:
            return cls(Tokenizer.from_buffer(data))
        except (ValueError, KeyError) as error:
            raise ValueError(f"{path.name} is damaged, or no byte-level BPE") from error

    def write(self, folder: Path, n_ctx: int) -> None:
        """Write its files as `AutoTokenizer` reads them, for a network of `n_ctx` positions."""
        self._tokenizer.save(str(folder / "tokenizer.json"))
        config = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": END_OF_TEXT,
            "eos_token": END_OF_TEXT,
            "unk_token": END_OF_TEXT,
            "model_max_length": n_ctx,
            "clean_up_tokenization_spaces": False,
        }
        path = folder / "tokenizer_config.json"
        path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")

    def encode(self, text: str) -> list[int]:
        """Return the tokens of `text`; what looks like a special token is ordinary text.

        Half of a surrogate pair, which is no text, counts as a question mark.
        """
        ids: list[int] = self._tokenizer.encode(whole(text), add_special_tokens=False).ids
        return ids

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each text, on all cores."""
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [each.ids for each in encoded]

    def token_bytes(self, token: int, before: int | None = None) -> bytes:
        """Return what `token` says, whatever stands before it; nothing for a special one."""
        return self._spelling.said[token]

    def may_grow(self, token: int) -> bool:
        """Return whether a longer token might stand in its place once the text goes on."""
        return True

    def beginning_with(self, start: bytes) -> list[int]:
        """Return the tokens whose bytes begin with `start`."""
        return self._spelling.beginning_with(start)

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of `tokens`; a character cut in two shows as U+FFFD."""
        return b"".join(self._spelling.said[token] for token in tokens).decode("utf-8", "replace")

    def lost(self, text: str) -> int:
        """Return how many characters of `text` its tokens cannot give back: none."""
        return 0


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
