import json
from itertools import product

import pytest
from tokenizers import Tokenizer

from tests.checkpoints.foreign_models import pieces
from tests.checkpoints.tiny_models import PROSE, tiny_tokenizer
from writer.checkpoints.bpe import BPETokenizer
from writer.checkpoints.pieces import PieceTokenizer, tokenizer_of
from writer.engine.prompt import make_prompt

STYLES = list(product(["prepend", "metaspace", "plain"], ["BPE", "Unigram"]))
TEXTS = {
    "nothing": "",
    "prose": PROSE,
    "Chinese": "雨停了，他走进屋子。\n“有人吗？”",
    "emoji": "🙂👩‍👩‍👧‍👦🏳️‍🌈",
    "a space before": " The rain",
    "spaces after": "The rain  ",
    "spaces": " \u00a0\u3000\u200b\t  x   \n\n\n   ",
    "line ends": "a\r\nb\rc\u2028d\u2029e\x0bf\x0cg\n",
    "nul and controls": "a\x00b\x01\x1b[0m\x7f\x85c",
    "combining": "e\u0301\u0301 ﬁ Å",
    "last code point": "\U0010ffff\ue000",
}


def tokenizer(
    style: str = "prepend", kind: str = "BPE", size: int = 600, **changes
) -> PieceTokenizer:
    data = pieces(style, kind)
    data.update(changes)
    found = tokenizer_of(data, size, [2])
    assert isinstance(found, PieceTokenizer)
    return found


@pytest.fixture(scope="module", params=STYLES, ids=["-".join(each) for each in STYLES])
def each(request):
    return tokenizer(*request.param)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_any_text_comes_back(text, each):
    ids = each.encode(text)
    assert each.decode(ids) == text
    assert b"".join(map(each.token_bytes, ids)) == text.encode()
    assert each.encode_batch([text, text]) == [ids, ids]
    assert each.lost(text) == 0
    assert not each.special_ids & set(ids)


def test_half_a_surrogate_pair_is_a_question_mark(each):
    assert each.decode(each.encode("a\ud83db")) == "a?b"


@pytest.mark.parametrize("start", [b"t", b" t", b" ", b"\xe9", b"A", b"zzz", b"\xff", b""])
def test_tokens_beginning_with_some_bytes(start, each):
    wanted = [n for n in range(each.vocab_size) if each.token_bytes(n).startswith(start)]
    assert sorted(each.beginning_with(start)) == wanted
    assert all(each.may_grow(token) for token in wanted if each.token_bytes(token))


def test_special_tokens_have_no_bytes_and_grow_into_nothing(each):
    assert {0, 1, 2} <= each.special_ids
    assert each.end_id == 2
    for token in each.special_ids:
        assert each.token_bytes(token) == b""
        assert not each.may_grow(token)


@pytest.mark.parametrize("text", ["<s>", "</s>a", "x<unk>", "<0x41>"])
def test_what_looks_special_is_text(text):
    assert tokenizer().decode(tokenizer().encode(text)) == text


@pytest.mark.parametrize("text", ["<s>", "</s>a", "<0x41>"])
def test_a_unigram_takes_the_mark_that_is_spelled_so_and_says_so(text):
    assert tokenizer("plain", "Unigram").lost(text) >= 3


@pytest.mark.parametrize("style", ["prepend", "metaspace"])
def test_a_text_opens_behind_a_line_end_where_others_have_a_space_before_them(style):
    found = tokenizer(style)
    assert found.opening == (1, *found.encode("\n"))
    whole = Tokenizer.from_str(json.dumps(pieces(style)))
    assert whole.encode("The rain").tokens[:2] == ["<s>", "▁The"]
    # There it comes as it would behind any line end.
    behind = whole.encode("\nThe rain", add_special_tokens=False).ids
    assert behind[-len(found.encode("The rain")) :] == found.encode("The rain")


def test_a_text_opens_with_the_mark_alone_where_nothing_is_put_before_it():
    assert tokenizer("plain").opening == (1,)


def test_without_a_mark_a_text_opens_behind_a_line_end():
    found = tokenizer("plain", post_processor=None)
    assert found.opening == tuple(found.encode("\n"))


def test_a_mark_that_only_the_folder_speaks_of_opens_a_text():
    data = {**pieces("plain"), "post_processor": None}
    assert tokenizer_of(data, 600, [2], start="<s>").opening == (1,)


@pytest.mark.parametrize("text", ["The rain had not sto", "Th", "a🙂", "雨停", "said “"])
def test_the_last_token_is_left_to_be_said_again(text, each):
    prompt = make_prompt(text, each, 64)
    said = b"".join(map(each.token_bytes, prompt.tokens[len(each.opening) :])) + prompt.begun
    assert said == text.encode()
    assert prompt.begun == each.token_bytes(each.encode(text)[-1])
    assert prompt.characters == len(text)


def test_further_ends_are_never_said():
    found = tokenizer_of(pieces(), 600, [2, 300])
    assert found.end_id == 2
    assert 300 in found.special_ids


def test_text_is_neither_cut_nor_filled_up():
    cut = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
    padding = {
        "strategy": {"Fixed": 2000}, "direction": "Right", "pad_to_multiple_of": None,
        "pad_id": 0, "pad_type_id": 0, "pad_token": "<unk>",
    }  # fmt: skip
    found = tokenizer(truncation=cut, padding=padding)
    assert found.decode(found.encode(PROSE)) == PROSE


def test_special_tokens_beyond_the_network_are_left_out():
    data = pieces()
    size = len(data["model"]["vocab"])
    picture = {**data["added_tokens"][0], "id": size, "content": "<image>"}
    data["added_tokens"].append(picture)
    assert tokenizer_of(data, size, [2]).vocab_size == size


def test_what_no_piece_says_is_lost_and_counted():
    data = pieces("plain")
    data["model"]["byte_fallback"] = False
    found = tokenizer_of(data, 600, [2])
    assert found.lost("雨雨。\nrain") == 3  # among them the line end
    assert found.lost("The rain") == 0
    assert found.token_bytes(found.encode("雨")[-1]) == b""
    # What stands for the unknown is no word that could be gone on with.
    assert make_prompt("rain 雨", found, 64).begun == b""


def test_bytes_are_told_from_pieces():
    data = json.loads(tiny_tokenizer()._tokenizer.to_str())
    data["pre_tokenizer"]["add_prefix_space"] = True
    found = tokenizer_of(data, 384, ["<|endoftext|>"])
    assert isinstance(found, BPETokenizer)
    assert found.decode(found.encode(PROSE)) == PROSE
    assert found.opening == tiny_tokenizer().opening


def test_a_written_tokenizer_reads_the_same(tmp_path):
    tokenizer().write(tmp_path, 64)
    data = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    again = tokenizer_of(data, 600, [2])
    assert again.encode(PROSE) == tokenizer().encode(PROSE)


# What makes the library give up, which it does in a way that is no Exception.
PANICS = {
    "post_processor": {
        "type": "TemplateProcessing", "pair": [],
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}],
        "special_tokens": {},
    },
}  # fmt: skip
DAMAGED = {
    "a panic": PANICS,
    "no model": {"model": None},
    "words": {"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}},
    "pieces of words": {"model": {"type": "WordPiece", "vocab": {"a": 0}, "unk_token": "a"}},
    "nothing in it": {"model": {"type": "BPE", "vocab": {}, "merges": []}},
    "another type": {"model": {"type": "BPE", "vocab": 7}},
    "a huge number": {"model": {"type": "BPE", "vocab": {"a": 2**31}, "merges": []}},
    "no unknown": {"model": {"type": "Unigram", "vocab": [["a", 0.0]], "unk_id": None}},
    "spaces lost": {"pre_tokenizer": {"type": "WhitespaceSplit"}},
    "small letters": {"normalizer": {"type": "Replace", "pattern": {"String": "a"}, "content": ""}},
    "normalizer": {"normalizer": {"type": "Sequence", "normalizers": 7}},
    "decoder": {"decoder": 7},
    "added": {"added_tokens": [7]},
}


@pytest.mark.parametrize("changes", DAMAGED.values(), ids=DAMAGED)
def test_what_is_none_or_damaged_is_refused(changes):
    data = {**pieces(), **changes}
    if changes == DAMAGED["added"]:
        assert tokenizer_of(data, 600, [2]).vocab_size
        return
    with pytest.raises(ValueError, match=r"tokenizer"):
        tokenizer_of(data, 600, [2])
