import contextlib
import json
import random

import pytest

from tests.checkpoints.tiny_models import PROSE, tiny_tokenizer
from writer.checkpoints.bpe import END_OF_TEXT, BPETokenizer, train_bpe
from writer.checkpoints.files import ModelFiles
from writer.checkpoints.tokenizer import read_tokenizer, split_json

TEXTS = {
    "nothing": "",
    "prose": PROSE,
    "emoji": "🙂👩‍👩‍👧‍👦🏳️‍🌈",
    "nul and controls": "a\x00b\x01\x1b[0m\x7f\x85c",
    "line ends": "a\r\nb\rc\u2028d\u2029e\x0bf\x0cg",
    "spaces": " \u00a0\u3000\u200b\t  x   \n\n\n   ",
    "right to left": "שלום, مرحبا \u202eabc\u202c",
    "combining": "e\u0301\u0301\u0301 ﬁ Å",
    "byte order mark": "\ufeffabc\ufffe",
    "last code point": "\U0010ffff\ue000",
    "looks special": f"{END_OF_TEXT}x<|endoftext|",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_any_text_comes_back_byte_for_byte(text):
    tokenizer = tiny_tokenizer()
    ids = tokenizer.encode(text)
    assert b"".join(map(tokenizer.token_bytes, ids)) == text.encode()
    assert tokenizer.decode(ids) == text
    assert tokenizer.encode_batch([text, text]) == [ids, ids]
    assert not tokenizer.special_ids & set(ids)


def test_random_text_comes_back():
    chance = random.Random(7)
    points = [p for p in range(0x110000) if not 0xD800 <= p < 0xE000]
    text = "".join(chr(chance.choice(points)) for _ in range(2000))
    assert tiny_tokenizer().decode(tiny_tokenizer().encode(text)) == text


def test_half_a_surrogate_pair_is_a_question_mark():
    tokenizer = tiny_tokenizer()
    assert tokenizer.decode(tokenizer.encode("a\ud83db")) == "a?b"


def test_a_character_cut_in_two_shows_as_such():
    tokenizer = train_bpe(iter([]), 257)  # a token a byte
    ids = tokenizer.encode("雨")
    assert len(ids) == 3
    assert tokenizer.decode(ids[:2]) == "\ufffd"


def test_special_tokens_have_no_bytes():
    tokenizer = tiny_tokenizer()
    assert tokenizer.special_ids == {tokenizer.end_id}
    assert tokenizer.token_bytes(tokenizer.end_id) == b""


def test_an_end_token_is_special_even_where_nobody_says_so(tmp_path):
    path = tmp_path / "tokenizer.json"
    tiny_tokenizer().write(tmp_path, 64)
    data = json.loads(path.read_text())
    data["added_tokens"] = []
    path.write_text(json.dumps(data))
    tokenizer = BPETokenizer.read(path)
    assert tokenizer.token_bytes(tokenizer.end_id) == b""
    assert tokenizer.end_id not in tokenizer.encode(END_OF_TEXT)


@pytest.mark.parametrize("start", [b"t", b"th", b" ", b"\xe9", b"\xe9\x9b", b"zzz", b"\xff", b""])
def test_tokens_beginning_with_some_bytes(start):
    tokenizer = tiny_tokenizer()
    wanted = [n for n in range(tokenizer.vocab_size) if tokenizer.token_bytes(n).startswith(start)]
    assert sorted(tokenizer.beginning_with(start)) == wanted


def test_a_written_tokenizer_reads_the_same(tmp_path):
    path = tmp_path / "tokenizer.json"
    tiny_tokenizer().write(tmp_path, 64)
    again = BPETokenizer.read(path)
    assert again.encode(PROSE) == tiny_tokenizer().encode(PROSE)
    assert (again.vocab_size, again.end_id) == (384, tiny_tokenizer().end_id)


def test_the_vocabulary_is_as_large_as_asked():
    assert tiny_tokenizer(300).vocab_size == 300
    assert train_bpe(iter(["aa"]), 1).vocab_size == 257  # the bytes and the end, at least


def test_numbers_left_out_of_a_vocabulary_are_tokens_of_nothing(tmp_path):
    path = tmp_path / "tokenizer.json"
    tiny_tokenizer().write(tmp_path, 64)
    data = json.loads(path.read_text())
    last = max(data["model"]["vocab"], key=data["model"]["vocab"].get)
    data["model"]["vocab"][last] = 1000
    path.write_text(json.dumps(data))
    tokenizer = BPETokenizer.read(path)
    assert tokenizer.vocab_size == 1001
    assert tokenizer.token_bytes(999) == b""
    assert tokenizer.decode(tokenizer.encode(PROSE)) == PROSE
    data["model"]["vocab"][last] = 2**32 - 1
    path.write_text(json.dumps(data))
    with pytest.raises(ValueError, match=r"tokenizer"):
        BPETokenizer.read(path)


@pytest.mark.parametrize("seed", range(5))
def test_a_damaged_tokenizer_is_refused_or_read_never_worse(seed, tmp_path):
    path = tmp_path / "tokenizer.json"
    tiny_tokenizer().write(tmp_path, 64)
    whole = path.read_bytes()
    chance = random.Random(seed)
    for _ in range(20):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(damaged))
            damaged[place : place + chance.randrange(30)] = chance.randbytes(chance.randrange(3))
        path.write_bytes(damaged)
        with contextlib.suppress(ValueError):
            BPETokenizer.read(path)


# GPT-2's own two files


@pytest.fixture
def parts(tmp_path):
    """The folder of a tokenizer in `vocab.json` and `merges.txt`, as GPT-2 was published."""
    tiny_tokenizer().write(tmp_path, 64)
    model = json.loads((tmp_path / "tokenizer.json").read_text())["model"]
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "tokenizer_config.json").unlink()
    (tmp_path / "vocab.json").write_text(json.dumps(model["vocab"]))
    merges = [each if isinstance(each, str) else " ".join(each) for each in model["merges"]]
    (tmp_path / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]))
    return tmp_path


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_two_files_mean_the_same_as_the_one(text, parts):
    tokenizer = read_tokenizer(ModelFiles(parts))
    assert tokenizer.encode(text) == tiny_tokenizer().encode(text)
    assert tokenizer.special_ids == tiny_tokenizer().special_ids


def test_tokens_that_were_added_are_marks(parts):
    (parts / "added_tokens.json").write_text('{"[PAD]": 384}')
    tokenizer = read_tokenizer(ModelFiles(parts))
    assert tokenizer.vocab_size == 385
    assert 384 in tokenizer.special_ids
    assert tokenizer.decode(tokenizer.encode("[PAD]")) == "[PAD]"


def test_the_end_is_what_the_folder_calls_so(parts):
    (parts / "added_tokens.json").write_text('{"<end>": 384}')
    (parts / "special_tokens_map.json").write_text('{"eos_token": {"content": "<end>"}}')
    assert read_tokenizer(ModelFiles(parts)).end_id == 384


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("vocab.json", "{}"), ("vocab.json", "["), ("vocab.json", '{"a": "b"}'),
        ("vocab.json", '{"a": 1, "a": 2}'), ("vocab.json", '{"a": -1}'),
        ("vocab.json", '{"a": 1000000000}'), ("vocab.json", '{"a": 1, "b": 1}'),
        ("merges.txt", "q"), ("merges.txt", "a  b"), ("merges.txt", "zz qqq"),
        ("merges.txt", "\x00 \x01"), ("added_tokens.json", '{"x": 3}'),
    ],
)  # fmt: skip
def test_damaged_files_are_refused(name, text, parts):
    (parts / name).write_text(text)
    with pytest.raises(ValueError, match=r"\w"):
        read_tokenizer(ModelFiles(parts))


def test_words_added_to_the_vocabulary_say_what_they_are(tmp_path):
    tiny_tokenizer().write(tmp_path, 64)
    path = tmp_path / "tokenizer.json"
    data = json.loads(path.read_text())
    added = {"id": 384, "content": "雨 rain", "special": False}
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    data["added_tokens"].append({**added, **flags})
    path.write_text(json.dumps(data))
    tokenizer = BPETokenizer.read(path)
    assert tokenizer.encode("雨 rain")[-1] == 384
    assert tokenizer.token_bytes(384) == "雨 rain".encode()


def test_a_text_is_read_whole_whatever_the_file_says_of_cutting(tmp_path):
    tiny_tokenizer().write(tmp_path, 64)
    path = tmp_path / "tokenizer.json"
    data = json.loads(path.read_text())
    data["truncation"] = {
        "direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0,
    }  # fmt: skip
    data["pre_tokenizer"]["add_prefix_space"] = True
    path.write_text(json.dumps(data))
    tokenizer = BPETokenizer.read(path)
    assert tokenizer.decode(tokenizer.encode(PROSE)) == PROSE


@pytest.fixture
def whole(tmp_path):
    """Returns the tokenizer of a `tokenizer.json` of which something has been changed."""

    def changed(**values):
        tiny_tokenizer().write(tmp_path, 64)
        path = tmp_path / "tokenizer.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
        return read_tokenizer(ModelFiles(tmp_path))

    return changed


DOUBLING = {"type": "Replace", "pattern": {"String": "7"}, "content": "77"}


@pytest.mark.parametrize(
    "normalizer",
    [{"type": "NFKC"}, {"type": "Lowercase"}, {"type": "Sequence", "normalizers": [DOUBLING] * 28}],
)
def test_nothing_is_done_to_a_text_before_it_is_read(normalizer, whole):
    tokenizer = whole(normalizer=normalizer)
    for text in TEXTS.values():
        assert tokenizer.decode(tokenizer.encode(text)) == text


def test_the_same_text_has_the_same_tokens_each_time(whole, tmp_path):
    whole()
    data = json.loads((tmp_path / "tokenizer.json").read_text())
    tokenizer = whole(model={**data["model"], "dropout": 0.5})
    assert len({tuple(tokenizer.encode(PROSE)) for _ in range(20)}) == 1


def test_a_tokenizer_that_loses_spaces_is_refused(whole):
    with pytest.raises(ValueError, match="other text"):
        whole(pre_tokenizer={"type": "WhitespaceSplit"})


def test_a_prefix_that_no_token_has_is_no_panic(whole, tmp_path):
    whole()
    data = json.loads((tmp_path / "tokenizer.json").read_text())
    model = {**data["model"], "continuing_subword_prefix": "a" * 99}
    assert whole(model=model).encode(PROSE) == tiny_tokenizer().encode(PROSE)


def test_marks_that_the_network_was_never_taught_are_left_out(whole, parts):
    added = {"id": 384, "content": "[PAD]", "special": True}
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    (parts / "added_tokens.json").write_text('{"[PAD]": 384}')
    assert read_tokenizer(ModelFiles(parts), size=384).vocab_size == 384
    whole(added_tokens=[{**added, **flags}])
    assert read_tokenizer(ModelFiles(parts), size=384).vocab_size == 384
    assert read_tokenizer(ModelFiles(parts)).vocab_size == 385


def test_a_vocabulary_is_not_taken_apart_where_nothing_else_stands_there(tmp_path):
    tiny_tokenizer().write(tmp_path, 64)
    text = (tmp_path / "tokenizer.json").read_text()
    settings, rest = split_json(text, "tokenizer.json")
    assert len(rest) > len(text) / 2
    assert "vocab" in settings["model"]
    whole, nothing = split_json(json.dumps(json.loads(text), sort_keys=True), "tokenizer.json")
    assert whole == json.loads(text)
    assert nothing == ""


@pytest.mark.parametrize("name", ["normalizer", "n\\u006frmalizer"])
def test_nothing_hides_behind_a_vocabulary(name, tmp_path):
    tiny_tokenizer().write(tmp_path, 64)
    path = tmp_path / "tokenizer.json"
    data = json.loads(path.read_text())
    del data["normalizer"]
    text = json.dumps(data, ensure_ascii=False)
    path.write_text(text.removesuffix("}") + f', "{name}": {{"type": "Lowercase"}}}}')
    tokenizer = read_tokenizer(ModelFiles(tmp_path))
    assert tokenizer.decode(tokenizer.encode(PROSE)) == PROSE
