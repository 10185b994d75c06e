"""Chinese, a token a character: what is read, what is never said, what stands between words."""

import pytest
import torch

from tests.checkpoints.tiny_models import random_network
from writer.checkpoints.characters import CharacterTokenizer, learn_characters
from writer.checkpoints.folder import Model
from writer.engine.engine import Engine
from writer.engine.prompt import make_prompt
from writer.engine.rows import Row
from writer.settings import Sampling
from writer.suggestion.request import Request

TEXT = "雨停了，他走进屋子。屋里没有人。“有人吗？”他说。\n"
TOKENIZER = learn_characters([TEXT], 256)


@pytest.mark.parametrize("text", ["雨停了，他", "雨停了。\n", "他说Hello", ""])
def test_a_text_opens_with_its_mark_and_nothing_is_begun(text):
    prompt = make_prompt(text, TOKENIZER, 64)
    assert prompt.tokens == (*TOKENIZER.opening, *TOKENIZER.encode(text))
    assert prompt.begun == b""
    assert prompt.characters == len(text)


def test_a_long_text_is_read_to_its_end():
    prompt = make_prompt(TEXT * 20, TOKENIZER, 32)
    assert len(prompt.tokens) <= 32
    assert TEXT.endswith(TOKENIZER.decode(prompt.tokens)[-20:])


def test_latin_words_are_parted_by_spaces_and_nothing_else_is():
    row = Row(b"", TOKENIZER.encode("他")[-1])
    for token in TOKENIZER.encode("说Hello big world了。"):
        row.add(token, 0.0, TOKENIZER)
    assert row.text == "说Hello big world了。"
    row = Row(b"", TOKENIZER.encode("Hello")[-1])
    for token in TOKENIZER.encode("big"):
        row.add(token, 0.0, TOKENIZER)
    assert row.text == " big"


def test_neither_marks_nor_the_unknown_are_ever_said():
    network = random_network(vocab_size=320, n_ctx=64)
    with torch.no_grad():  # let the marks and the padding be what it would like to say best
        unsaid = [*TOKENIZER.special_ids - {TOKENIZER.end_id}, *range(TOKENIZER.vocab_size, 320)]
        network.head.weight[unsaid] += network.norm.bias * 10
    engine = Engine(Model("tiny", network, TOKENIZER))
    sampling = Sampling(candidates=5, length=24, context_length=32, top_k=0, temperature=1.5)
    *_, answer = engine.stream(Request(1, 5, "雨停了，他", "", sampling, seed=3))
    assert answer.candidates
    known = (
        set(TEXT)
        | set(map(chr, range(0x20, 0x7F)))
        | set("，。！？：；、“”‘’《》〈〉（）【】—…·～〇\n")
    )
    for candidate in answer.candidates:
        assert candidate.text
        assert set(candidate.text) <= known


@pytest.fixture(scope="module")
def pieces(tmp_path_factory):
    """A vocabulary of words and their pieces, as BERT has them."""
    folder = tmp_path_factory.mktemp("pieces")
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = ["i", "say", "he", "hello", "##llo", "##l", "##o", "h", "##e", "雨"]
    (folder / "vocab.txt").write_text("\n".join([*marks, *words]) + "\n", encoding="utf-8")
    return CharacterTokenizer.read(folder / "vocab.txt", lowers=True)


@pytest.mark.parametrize(
    ("text", "next_word", "wanted"),
    [("i he", "hello", "llo"), ("i say he", "he", ""), ("i say he ", "hello", " hello")],
)
def test_a_begun_word_is_gone_on_with_and_never_said_twice(text, next_word, wanted, pieces):
    prompt = make_prompt(text, pieces, 64)
    row = Row(prompt.begun, prompt.tokens[-1])
    (token,) = pieces.encode(next_word)
    row.add(token, 0.0, pieces)
    assert row.text == wanted


def test_capitals_that_the_vocabulary_loses_are_not_taken_back(pieces):
    assert make_prompt("i He", pieces, 64).begun == b""


def test_it_writes_on_long_after_what_it_reads_at_once():
    engine = Engine(Model("tiny", random_network(vocab_size=320, n_ctx=1024), TOKENIZER))
    text = TEXT * 38
    assert len(text) < 1023
    sampling = Sampling(candidates=1, length=64, context_length=1024)
    for seed in range(1, 40):
        *_, answer = engine.stream(Request(1, len(text), text, "", sampling, seed))
        assert answer.tokens_read <= 1023
        text += answer.candidates[0].text if answer.candidates else ""
    assert len(text) > 1600


@pytest.fixture(scope="module")
def of_words(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    words = "[UNK]\n[CLS]\n[SEP]\n[MASK]\n他们\n走\n走进\n走进去\n屋子\n了\n。"
    (folder / "vocab.txt").write_text(words, encoding="utf-8")
    return CharacterTokenizer.read(folder / "vocab.txt", lowers=True)


@pytest.mark.parametrize(("next_word", "said"), [("走", ""), ("走进", "进"), ("走进去", "进去")])
def test_a_chinese_word_goes_on_as_any_that_begins_so(next_word, said, of_words):
    prompt = make_prompt("他们走", of_words, 64)
    assert of_words.decode(prompt.tokens) == "他们"
    row = Row(prompt.begun, prompt.tokens[-1])
    begun = of_words.beginning_with(prompt.begun)
    (token,) = (each for each in begun if of_words.token_bytes(each) == next_word.encode())
    row.add(token, 0.0, of_words)
    assert row.text == said
