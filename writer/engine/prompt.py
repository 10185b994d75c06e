"""From the text before the cursor to the tokens that the network reads.

The text may end in the middle of a word, whose tokens are not those that the whole word would
have. So the last token is taken back, and the continuation is made to begin with its bytes.
"""

from dataclasses import dataclass

from writer.checkpoints.tokenizer import Tokenizer

_BLOCK = 256
"""Tokens dropped at once from a text that is too long, so that its start seldom moves."""
_MOVES = 8
"""A long text drops one part in so many at once: after each drop all of it is read again."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is read, and what the continuation must begin with."""

    tokens: tuple[int, ...]
    """At least one."""
    begun: bytes
    """The bytes of the text that are not in `tokens`: the continuation begins with them."""
    characters: int
    """How many characters, from the end of the text, are in it."""


def make_prompt(text: str, tokenizer: Tokenizer, limit: int) -> Prompt:
    """Return the prompt for what follows `text`, of at most `limit` tokens.

    Where it starts depends on `text` and `limit` only, and moves by blocks.
    """
    ids = tokenizer.encode(text)
    opening = list(tokenizer.opening)
    dropped = _dropped(len(ids) + len(opening), limit)
    kept = ids[max(0, dropped - len(opening)) :] if dropped else ids
    characters = len(text) if not dropped else len(tokenizer.decode(kept))
    begun = b""
    # After a line end a new word begins in any case, after a Chinese character another one.
    if kept and (len(kept) > 1 or not dropped) and _is_begun(text, kept[-1], tokenizer):
        begun = tokenizer.token_bytes(kept[-1])
        kept = kept[:-1]
    tokens = kept if dropped else opening + kept
    return Prompt(tuple(tokens), begun, characters)


def _is_begun(text: str, token: int, tokenizer: Tokenizer) -> bool:
    """Return whether the last token of `text` might be another one if the text went on.

    A tokenizer that loses spaces or capitals has a last token with which the text does not end.
    """
    if text.endswith("\n") or not tokenizer.may_grow(token):
        return False
    return text.encode("utf-8", "replace").endswith(tokenizer.token_bytes(token))


def _dropped(length: int, limit: int) -> int:
    """Return how many tokens to drop from the front of `length` to have at most `limit`."""
    if length <= limit:
        return 0
    block = max(1, min(max(_BLOCK, limit // _MOVES), limit // 4))
    return -(-(length - limit) // block) * block
