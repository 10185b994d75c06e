from itertools import pairwise

import pytest

from tests.checkpoints.tiny_models import PROSE, tiny_tokenizer
from writer.checkpoints.bpe import train_bpe
from writer.engine.prompt import make_prompt

TOKENIZER = tiny_tokenizer()
BYTES = train_bpe(iter([]), 257)
LIMITS = [1, 2, 3, 16, 31, 64, 300, 10_000]
TEXTS = {
    "nothing": "",
    "one letter": "x",
    "one line end": "\n",
    "line ends": "\n\n\n\n",
    "prose": PROSE.strip(),
    "much prose": PROSE * 5,
    "Chinese": "雨停了，他走进屋子。" * 30,
    "emoji": "🙂" * 50,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("tokenizer", [TOKENIZER, BYTES], ids=["bpe", "bytes"])
def test_a_prompt_is_the_end_of_the_text(text, limit, tokenizer):
    prompt = make_prompt(text, tokenizer, limit)
    assert 1 <= len(prompt.tokens) <= limit
    assert prompt == make_prompt(text, tokenizer, limit)
    said = b"".join(map(tokenizer.token_bytes, prompt.tokens)) + prompt.begun
    assert text.encode().endswith(said)
    if prompt.tokens[0] == tokenizer.end_id:
        assert said == text.encode()
    # A character that the start cuts in two counts, torn, byte by byte.
    torn = prompt.characters - len(said.decode("utf-8", "ignore"))
    assert 0 <= torn <= 3
    assert not torn or said != text.encode()


@pytest.mark.parametrize("text", [text for text in TEXTS.values() if text.strip()])
def test_the_last_token_is_left_to_be_said_again(text):
    text = text.rstrip("\n")
    prompt = make_prompt(text, TOKENIZER, 64)
    assert prompt.begun == TOKENIZER.token_bytes(TOKENIZER.encode(text)[-1])


@pytest.mark.parametrize("text", ["\n", "He rose.\n", "He rose.\n\n"])
def test_after_a_line_end_nothing_is_begun(text):
    assert make_prompt(text, TOKENIZER, 64).begun == b""


@pytest.mark.parametrize("limit", [16, 31, 64])
def test_typing_seldom_moves_the_start(limit):
    text = PROSE[:450]
    starts = []
    for end in range(200, len(text)):
        prompt = make_prompt(text[:end], BYTES, limit)
        starts.append(end - prompt.characters)
    moves = sum(a != b for a, b in pairwise(starts))
    assert starts[-1] > starts[0]
    assert moves <= (len(text.encode()) - 200) / (limit // 4) + 1


def test_a_model_without_an_end_token_has_something_to_read():
    tokenizer = train_bpe(iter([PROSE]), 300)
    tokenizer.end_id, tokenizer.opening = None, tuple(tokenizer.encode("\n"))
    for text in ("", "x", " "):
        prompt = make_prompt(text, tokenizer, 16)
        assert prompt.tokens == (*tokenizer.encode("\n"),)
        assert prompt.begun == text.encode()
