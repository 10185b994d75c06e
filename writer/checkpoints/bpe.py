"""Text to tokens and back: GPT-2's byte-level BPE.

Every byte has a token, so any text survives the way there and back. A continuation is decoded as
bytes, because a character may span several tokens.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from writer.checkpoints.files import parsed, read_text
from writer.checkpoints.spelling import Spelling, whole

END_OF_TEXT = "<|endoftext|>"
_LARGEST = 1 << 20  # vocabulary: a larger one is damage
_SAMPLE = "abc  It's 7.\n\n\tÉ e\u0301 ﬁ <x> 雨停了 🙂 "


class BPETokenizer:
    """A byte-level BPE.

    Args:
        tokenizer: As the library has it.
        end: The token that closes a document; None takes GPT-2's, where there is one.

    Raises:
        ValueError: It is no byte-level BPE, or damaged.
    """

    def __init__(self, tokenizer: Tokenizer, end: str | None = None) -> None:
        self._tokenizer = tokenizer
        tokenizer.encode_special_tokens = True  # a writer may type “<|endoftext|>” and mean it
        vocabulary = tokenizer.get_vocab()
        added = tokenizer.get_added_tokens_decoder()
        self._end = END_OF_TEXT if end is None or end not in vocabulary else end
        self.end_id: int | None = vocabulary.get(self._end)
        special = {number for number, token in added.items() if token.special}
        special |= set() if self.end_id is None else {self.end_id}
        whole_words = {number: token.content for number, token in added.items()}
        said = _said(vocabulary, whole_words, special)
        self.vocab_size = len(said)
        self.special_ids = frozenset(number for number, text in enumerate(said) if not text)
        self._spelling = Spelling(said)
        # A text opens behind another's end, or behind a line end where ends have no mark.
        opening = self.encode("\n") if self.end_id is None else [self.end_id]
        self.opening: tuple[int, ...] = tuple(opening)

    @classmethod
    def read(cls, path: Path, end: str | None = None) -> "BPETokenizer":
        """Read a `tokenizer.json`; see `of_json`."""
        return cls.of_json(parsed(read_text(path), path.name), end)

    @classmethod
    def of_json(
        cls,
        data: dict[str, Any],
        end: str | None = None,
        size: int | None = None,
        rest: str = "",
    ) -> "BPETokenizer":
        """Return the tokenizer that stands in a `tokenizer.json`.

        Args:
            data: What stands there; it is changed: of what is done to a text besides, nothing is
                left, as every byte is to come back, and a text is read as long as it is.
            end: See the class.
            size: Marks of which the number is beyond it are left out.
            rest: What stands behind the bracket that opens the vocabulary; see `split_json`.

        Raises:
            ValueError: It is no byte-level BPE, or damaged.
        """
        model = data.get("model")
        if not isinstance(model, dict) or model.get("type", "BPE") != "BPE":
            raise ValueError("the tokenizer is no byte-level BPE")
        data.update(dict.fromkeys(("normalizer", "truncation", "padding", "post_processor")))
        model.update(dict.fromkeys(("dropout", "continuing_subword_prefix", "end_of_word_suffix")))
        added = data.get("added_tokens")
        data["added_tokens"] = [
            {**each, "lstrip": False, "rstrip": False, "normalized": False}
            for each in (added if isinstance(added, list) else [])
            if isinstance(each, dict) and not (each.get("special") and _is_beyond(each, size))
        ]
        _part_as_it_is(data.get("pre_tokenizer"))
        text = json.dumps(data)
        if rest:
            text = f"{text.removesuffix('}}}')}{rest}"
        with failures_told():
            tokenizer = cls(Tokenizer.from_str(text), end)
            if tokenizer.decode(tokenizer.encode(_SAMPLE)) != _SAMPLE:
                raise ValueError("the tokenizer gives back other text than it was given")
        return tokenizer

    @classmethod
    def of(
        cls,
        vocabulary: Mapping[str, int],
        merges: Sequence[str],
        marks: Collection[str] = (),
        end: str | None = None,
    ) -> "BPETokenizer":
        """Return the tokenizer of GPT-2's own `vocab.json` and `merges.txt`.

        Args:
            vocabulary: The number of each token.
            merges: Two tokens with a space between them, the most common first.
            marks: Tokens that are no text, besides the end.
            end: See the class.

        Raises:
            ValueError: They do not belong together.
        """
        numbers = vocabulary.values()
        if not all(type(each) is int and 0 <= each < _LARGEST for each in numbers):
            raise ValueError("the vocabulary has numbers that are none of a token")
        if len(set(numbers)) < len(vocabulary):
            raise ValueError("the vocabulary has a number twice")
        pairs = []
        for merge in merges:
            first, _, second = merge.partition(" ")
            if not {first, second, first + second} <= vocabulary.keys():
                raise ValueError(f"the merge {merge!r:.60} does not fit the vocabulary")
            pairs.append((first, second))
        tokenizer = Tokenizer(models.BPE(dict(vocabulary), pairs))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        special = {end or END_OF_TEXT, *marks} & vocabulary.keys()
        tokenizer.add_special_tokens([AddedToken(each, special=True) for each in sorted(special)])
        return cls(tokenizer, end)

    def write(self, folder: Path, n_ctx: int) -> None:
        """Write its files as `AutoTokenizer` reads them, for a network of `n_ctx` positions."""
        self._tokenizer.save(str(folder / "tokenizer.json"))
        config = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": self._end,
            "eos_token": self._end,
            "unk_token": self._end,
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
        return 0  # every byte has a token, and `of_json` leaves nothing that changes a text


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


@contextmanager
def failures_told() -> Iterator[None]:
    """Tell as a `ValueError` where the library gives up on a vocabulary that it is given.

    It believes much of what it reads. Then Rust panics, which is no `Exception`, so that nobody
    takes it for one that is foreseen; or it raises an `Exception` of no kind at all.
    """
    try:
        yield
    except BaseException as error:
        if type(error) is Exception or type(error).__name__ == "PanicException":
            raise ValueError("the tokenizer is damaged") from error
        raise


def _is_beyond(token: dict[str, Any], size: int | None) -> bool:
    number = token.get("id")
    return size is not None and type(number) is int and number >= size


def _part_as_it_is(stage: object) -> None:
    """See that what parts words puts no space before a text."""
    if isinstance(stage, dict):
        inner = stage.get("pretokenizers")
        for each in [stage, *(inner if isinstance(inner, list) else [])]:
            if isinstance(each, dict) and each.get("type") == "ByteLevel":
                each["add_prefix_space"] = False


def _said(
    vocabulary: Mapping[str, int], whole_words: Mapping[int, str], special: Collection[int]
) -> list[bytes]:
    """Return the bytes that each token says, by number."""
    alphabet = _byte_of_letter()
    if not alphabet.keys() <= vocabulary.keys():
        raise ValueError("the tokenizer has no token for some bytes")
    size = 1 + max(vocabulary.values())
    if size > _LARGEST:
        raise ValueError(f"the tokenizer speaks of {size} tokens")
    said = [b""] * size
    for token, number in vocabulary.items():
        if number in special:
            continue
        if number in whole_words:  # added to the merges' vocabulary later, and not spelled in bytes
            said[number] = whole_words[number].encode("utf-8")
        else:
            try:
                said[number] = bytes(alphabet[letter] for letter in token)
            except KeyError as error:
                raise ValueError(f"the token {token!r:.40} is no bytes") from error
    return said


def _byte_of_letter() -> dict[str, int]:
    """Return GPT-2's letter for each byte, turned round: printable ones stand for themselves."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = (byte for byte in range(256) if byte not in printable)
    letters = {chr(byte): byte for byte in printable}
    letters.update({chr(256 + number): byte for number, byte in enumerate(others)})
    return letters
