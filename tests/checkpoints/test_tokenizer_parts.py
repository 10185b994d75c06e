import base64

import pytest

from tests.checkpoints.foreign_models import pieces
from tests.checkpoints.tiny_models import PROSE
from writer.checkpoints.pieces import tokenizer_of
from writer.checkpoints.tokenizer_parts import check_parts, parts


def replacing(word, content):
    return {"type": "Replace", "pattern": {"String": word}, "content": content}


def pattern(regex, content):
    return {"type": "Replace", "pattern": {"Regex": regex}, "content": content}


def precompiled(texts):
    table = base64.b64encode((4).to_bytes(4, "little") + bytes(4) + texts).decode()
    return {"type": "Precompiled", "precompiled_charsmap": table}


def split(regex):
    return {
        "type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False,
    }  # fmt: skip


def many(stage, *each):
    key = {"pre_tokenizer": "pretokenizers"}.get(stage, stage + "s")
    return {stage: {"type": "Sequence", key: list(each)}}


BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
PREPEND = {"type": "Prepend", "prepend": "▁"}
MARK = {"SpecialToken": {"id": "<s>", "type_id": 0}}
UNSOUND = {
    "doubled again and again": many("normalizer", *[replacing("a", "aa")] * 26),
    "doubled": {"normalizer": replacing("a", "aa")},
    "a long text for a letter": {"normalizer": replacing("a", "a" * 3_000_000)},
    "a letter between any two": {"normalizer": pattern("", "a")},
    "a letter where there is none": {"normalizer": replacing("", "a")},
    "a pattern that never ends": {"normalizer": pattern("(a|aa|aaa)*$", "")},
    "many steps": many("normalizer", *[replacing("a", "b")] * 16),
    "deep steps": many("normalizer", *[many("normalizer", PREPEND)["normalizer"]] * 9),
    "bytes of bytes": many("pre_tokenizer", BYTES, BYTES),
    "letters of letters": many("normalizer", {"type": "NFKD"}, {"type": "NFKD"}),
    "put before": {"normalizer": {"type": "Prepend", "prepend": "a" * 100}},
    "put before twice": many("normalizer", PREPEND, PREPEND),
    "unknown": {"normalizer": {"type": "BertNormalizer"}},
    "bytes before the words": {"normalizer": {"type": "ByteLevel"}},
    "no type": {"normalizer": {}},
    "a type that is none": {"pre_tokenizer": {"type": ["Split"]}},
    "a long pattern": {"pre_tokenizer": split("a?" * 5000)},
    "a table": {"normalizer": precompiled(b"b\0" + b"a" * 1000 + b"\0")},
    "no table": {"normalizer": {"type": "Precompiled", "precompiled_charsmap": 7}},
    "a damaged table": {"normalizer": {"type": "Precompiled", "precompiled_charsmap": "é"}},
    "said long": {"decoder": replacing("a", "a" * 100)},
    "many marks": {"post_processor": {"type": "TemplateProcessing", "single": [MARK] * 1000}},
}
SOUND = {
    "nothing": {},
    "Llama": many("normalizer", PREPEND, replacing(" ", "▁")),
    "Gemma": {
        "normalizer": replacing(" ", "▁"),
        "pre_tokenizer": {
            "type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious",
        },
    },
    "T5": many(
        "normalizer",
        precompiled(b"fi\0" + "صلى الله عليه وسلم".encode() + b"\0"),
        {"type": "Strip", "strip_left": False, "strip_right": True},
        pattern(" {2,}", "▁"),
    ),
    "XLNet": many("normalizer", replacing("``", '"'), {"type": "NFKD"}, {"type": "Lowercase"}),
    "Qwen": {
        "normalizer": {"type": "NFC"},
        **many("pre_tokenizer", split(r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"), BYTES),
        "decoder": BYTES,
    },
    "NeoX": {"pre_tokenizer": BYTES, "decoder": BYTES, "post_processor": BYTES},
}  # fmt: skip


@pytest.mark.parametrize("changes", UNSOUND.values(), ids=UNSOUND)
def test_what_may_get_out_of_hand_is_refused_before_it_is_built(changes):
    with pytest.raises(ValueError, match="the tokenizer"):
        check_parts(dict(changes))
    with pytest.raises(ValueError, match="the tokenizer"):
        tokenizer_of({**pieces(), **changes}, 600, [2])


@pytest.mark.parametrize("changes", SOUND.values(), ids=SOUND)
def test_what_real_tokenizers_do_is_let_be(changes):
    check_parts(dict(changes))


def test_parts_are_found_at_any_depth():
    inner = many("normalizer", PREPEND)["normalizer"]
    outer = many("normalizer", inner, {"type": "NFC"})["normalizer"]
    assert [each["type"] for each in parts(outer)] == ["Sequence", "Sequence", "Prepend", "NFC"]
    assert list(parts(None)) == list(parts(7)) == []


def test_few_marks_stand_before_a_text():
    data = pieces()
    template = data["post_processor"]
    template["single"] = [MARK] * 20 + template["single"]
    with pytest.raises(ValueError, match="21 tokens before a text"):
        tokenizer_of(data, 600, [2])


def test_words_are_never_parted_by_chance():
    data = pieces()
    data["model"]["dropout"] = 0.9
    found = tokenizer_of(data, 600, [2])
    assert found.encode(PROSE) == tokenizer_of(pieces(), 600, [2]).encode(PROSE)
