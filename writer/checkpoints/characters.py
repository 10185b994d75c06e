"""Text to tokens and back: BERT's characters, with the marks that GPT2-Chinese gives documents.

A Chinese character is a token, a Latin word falls into pieces whose later ones begin with “##”.
`[MASK]` opens a document, `[CLS]` closes it, `[SEP]` ends a line, `[UNK]` stands for what has no
token (Du, https://github.com/Morizeyao/GPT2-Chinese); other names in brackets are of no use. Spaces
are lost: between Latin words they come back, elsewhere Chinese has none. A vocabulary of whole
Chinese words (`--segment`) is read word by word.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from writer.checkpoints.files import read_text
from writer.checkpoints.spelling import Spelling, missing, whole
from writer.checkpoints.words import Words, has_words

OPENING, CLOSING, LINE_END, UNKNOWN, PADDING = "[MASK]", "[CLS]", "[SEP]", "[UNK]", "[PAD]"
_MARKS = (PADDING, UNKNOWN, CLOSING, LINE_END, OPENING)
_NEEDED_MARKS = _MARKS[1:]
_NO_TEXT = re.compile(r"\[(unused\d+|[A-Z]{2,})\]|<[A-Z]>|")
"""Marks, numbers kept free, BERT's and GPT2-Chinese's, and tokens of nothing."""
_LATER = "##"
_NEEDED = "，。！？：；、“”‘’《》〈〉（）【】—…·～〇"
_LATIN = "".join(map(chr, range(0x21, 0x7F)))
_LARGEST = 1 << 20  # vocabulary: a larger one is damage


class CharacterTokenizer:
    """A BERT vocabulary.

    Args:
        tokens: By number.
        lowers: Whether capitals are made small before a text is looked up.

    Raises:
        ValueError: It is no BERT vocabulary.
    """

    def __init__(self, tokens: Sequence[str], lowers: bool) -> None:
        self._tokens = tuple(tokens)
        self._lowers = lowers
        ids = {token: number for number, token in enumerate(tokens)}
        missing = [mark for mark in _NEEDED_MARKS if mark not in ids]
        if missing:
            raise ValueError(f"the vocabulary has no {missing[0]}")
        if len(ids) != len(tokens):
            raise ValueError("the vocabulary has tokens twice")
        self._tokenizer = Tokenizer(models.WordPiece(vocab=ids, unk_token=UNKNOWN))
        self._words = Words(tokens) if has_words(tokens) else None
        self._tokenizer.normalizer = normalizers.BertNormalizer(
            lowercase=lowers, handle_chinese_chars=self._words is None
        )
        self._tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        self.vocab_size = len(tokens)
        self.opening: tuple[int, ...] = (ids[OPENING],)
        self.end_id: int | None = ids[CLOSING]
        self._line_end, self._unknown = ids[LINE_END], ids[UNKNOWN]
        said = [
            b"" if _NO_TEXT.fullmatch(token) else token.removeprefix(_LATER).encode("utf-8")
            for token in tokens
        ]
        said[self._line_end] = b"\n"
        self.special_ids = frozenset(number for number, text in enumerate(said) if not text)
        self._spelling = Spelling(said)
        self._is_word = [_is_word(token) for token in tokens]

    @property
    def has_words(self) -> bool:
        """Return whether Chinese words are tokens, and not its characters alone."""
        return self._words is not None

    @classmethod
    def read(cls, path: Path, lowers: bool) -> "CharacterTokenizer":
        """Read a `vocab.txt`: a token a line.

        Raises:
            ValueError: It is no BERT vocabulary.
            OSError: It cannot be read.
        """
        # Some tokens are line separators of Unicode: only "\n" parts lines.
        text = read_text(path)
        if (count := text.count("\n")) > _LARGEST:
            raise ValueError(f"the vocabulary has {count} tokens")
        tokens = text.split("\n")
        while tokens and not tokens[-1]:
            tokens.pop()
        return cls(tokens, lowers)

    def write(self, folder: Path, n_ctx: int) -> None:
        """Write its files as `AutoTokenizer` reads them, for a network of `n_ctx` positions."""
        text = "".join(token + "\n" for token in self._tokens)
        (folder / "vocab.txt").write_bytes(text.encode("utf-8"))
        config = {
            "tokenizer_class": "BertTokenizer",
            "do_lower_case": self._lowers,
            "tokenize_chinese_chars": True,
            "model_max_length": n_ctx,
            "pad_token": PADDING,
            "unk_token": UNKNOWN,
            "cls_token": CLOSING,
            "sep_token": LINE_END,
            "mask_token": OPENING,
        }
        path = folder / "tokenizer_config.json"
        path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")

    def encode(self, text: str) -> list[int]:
        """Return the tokens of `text`; what looks like a mark is ordinary text."""
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each text, on all cores."""
        lines = [line for text in texts for line in whole(text).split("\n")]
        if self._words is not None:
            lines = list(map(self._words.parted, lines))
        encoded = iter(self._tokenizer.encode_batch_fast(lines, add_special_tokens=False))
        found = []
        for text in texts:
            ids: list[int] = list(next(encoded).ids)
            for _ in range(text.count("\n")):
                ids.append(self._line_end)
                ids += next(encoded).ids
            found.append(ids)
        return found

    def token_bytes(self, token: int, before: int | None = None) -> bytes:
        """Return what `token` says behind the token `before`; nothing for a special one."""
        said = self._spelling.said[token]
        later = self._tokens[token].startswith(_LATER)
        if before is None or later or not (self._is_word[token] and self._is_word[before]):
            return said
        return b" " + said

    def beginning_with(self, start: bytes) -> list[int]:
        """Return the tokens whose bytes begin with `start`."""
        return self._spelling.beginning_with(start)

    def may_grow(self, token: int) -> bool:
        """Return whether a longer token might stand in its place once the text goes on."""
        said = self._spelling.said[token]
        longer = (
            other for other in self.beginning_with(said) if self._spelling.said[other] != said
        )
        is_open = self._is_word[token] or self._words is not None
        return is_open and any(longer)

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of `tokens`, without spaces but between Latin words."""
        before: list[int | None] = [None, *tokens][: len(tokens)]
        said = (self.token_bytes(*each) for each in zip(tokens, before, strict=True))
        return b"".join(said).decode("utf-8")

    def lost(self, text: str) -> int:
        """Return how many characters of `text` are lost or changed in its tokens."""
        lines = whole(text).split("\n")
        given_back = map(self.decode, self.encode_batch(lines))
        return sum(map(missing, lines, given_back))


def learn_characters(texts: Iterable[str], vocab_size: int) -> CharacterTokenizer:
    """Return a tokenizer of at most `vocab_size` tokens: the commonest characters of `texts`.

    Letters, digits and the punctuation of Chinese prose are among them in any case.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text)
    split = pre_tokenizers.BertPreTokenizer()
    normal = normalizers.BertNormalizer(lowercase=False)
    tokens = list(_MARKS)
    needed = dict.fromkeys(_NEEDED + _LATIN)
    commonest = (character for character, _ in counts.most_common() if character not in needed)
    for character in [*needed, *commonest]:
        pieces = split.pre_tokenize_str(normal.normalize_str(character * 2))
        # What does not part from its neighbour needs a form for the inside of words.
        forms = {0: [], 1: [character, _LATER + character]}.get(len(pieces), [character])
        if pieces and pieces[0][0][0] == character and len(tokens) + len(forms) <= vocab_size:
            tokens += forms
    return CharacterTokenizer(tokens, lowers=False)


def _is_word(token: str) -> bool:
    letters = token.removeprefix(_LATER)
    return letters.isascii() and letters.isalnum()
