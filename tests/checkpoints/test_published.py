"""The tokenizers of published models, whose vocabularies are not part of the project.

`WRITER_VOCAB` names a folder that has them; without, these tests are skipped, and those on small
vocabularies of the same kinds remain.
"""

import json
import os
import random
import shutil
from pathlib import Path

import pytest

from writer.checkpoints.files import ModelFiles
from writer.checkpoints.tokenizer import read_tokenizer

VOCAB = Path(os.environ.get("WRITER_VOCAB", "none"))
needs_vocabularies = pytest.mark.skipif(not VOCAB.is_dir(), reason="no published vocabularies here")
CHINESE = {
    "gpt2-chinese-vocab-small.txt": 13317,
    "gpt2-chinese-vocab.txt": 21128,
    "bert-chinese-vocab.txt": 21128,
}
TEXT = "“你回来了？”她说。\n他点了点头，把 Big Ben 的照片放在桌上：那是1927年。\n"


@pytest.fixture
def gpt2(tmp_path):
    shutil.copy(VOCAB / "gpt2-vocab.json", tmp_path / "vocab.json")
    shutil.copy(VOCAB / "gpt2-merges.txt", tmp_path / "merges.txt")
    return read_tokenizer(ModelFiles(tmp_path))


@needs_vocabularies
def test_gpt2s_own_files_give_gpt2s_own_tokens(gpt2, tmp_path):
    assert gpt2.vocab_size == 50257
    assert gpt2.encode("Hello world") == [15496, 995]
    assert gpt2.end_id == 50256
    assert gpt2.opening == (50256,)
    assert gpt2.special_ids == {50256}


@needs_vocabularies
def test_any_text_comes_back_from_gpt2s_tokens(gpt2):
    chance = random.Random(7)
    points = [p for p in range(0x110000) if not 0xD800 <= p < 0xE000]
    texts = ["", " \t\r\n\u2028\x00", "it's  We'LL 123\n\n\n", "雨停了。🙂", "<|endoftext|>"]
    texts += ["".join(map(chr, chance.choices(points, k=300))) for _ in range(20)]
    for text in texts:
        ids = gpt2.encode(text)
        assert b"".join(map(gpt2.token_bytes, ids)) == text.encode()
        assert gpt2.end_id not in ids


@needs_vocabularies
def test_gpt2s_tokens_are_those_of_transformers(gpt2, tmp_path, transformers):
    theirs = transformers.GPT2TokenizerFast(
        vocab=json.loads((tmp_path / "vocab.json").read_text()),
        merges=[
            tuple(line.split())
            for line in (tmp_path / "merges.txt").read_text().split("\n")[1:]
            if line
        ],
    )
    for text in ("It was the best of times, it wasn't.\n\n  “Déjà vu” 雨🙂", TEXT):
        assert gpt2.encode(text) == theirs(text)["input_ids"]


@needs_vocabularies
@pytest.mark.parametrize(("name", "size"), CHINESE.items())
def test_the_chinese_vocabularies_are_read(name, size, tmp_path):
    shutil.copy(VOCAB / name, tmp_path / "vocab.txt")
    tokenizer = read_tokenizer(ModelFiles(tmp_path))
    assert tokenizer.vocab_size == size
    tokens = (VOCAB / name).read_bytes().decode().split("\n")
    assert [tokens[number] for number in tokenizer.opening] == ["[MASK]"]
    assert tokens[tokenizer.end_id] == "[CLS]"
    assert tokens.index("[UNK]") in tokenizer.special_ids
    assert tokens.index("[SEP]") not in tokenizer.special_ids
    assert tokens.index("[unused50]") in tokenizer.special_ids
    said = tokenizer.decode(tokenizer.encode(TEXT))
    wanted = "“你回来了？”她说。\n他点了点头，把big ben的照片放在桌上：那是1927年。\n"
    if name.startswith("bert"):  # it has no such quotation marks
        wanted = wanted.replace("“", "").replace("”", "")
    assert said == wanted


@needs_vocabularies
@pytest.mark.parametrize("name", CHINESE)
def test_chinese_tokens_are_those_of_transformers(name, tmp_path, transformers):
    shutil.copy(VOCAB / name, tmp_path / "vocab.txt")
    tokenizer = read_tokenizer(ModelFiles(tmp_path))
    theirs = transformers.BertTokenizer(vocab=str(tmp_path / "vocab.txt"))
    lines = TEXT.split("\n")
    wanted = [theirs(line, add_special_tokens=False)["input_ids"] for line in lines]
    assert tokenizer.encode_batch(lines) == wanted


@needs_vocabularies
def test_the_quotation_marks_of_gpt2_chinese_are_text(tmp_path):
    shutil.copy(VOCAB / "gpt2-chinese-vocab-small.txt", tmp_path / "vocab.txt")
    tokenizer = read_tokenizer(ModelFiles(tmp_path))
    assert tokenizer.encode("“”’‘") == [1, 2, 3, 4]
    assert tokenizer.decode([1, 2, 3, 4]) == "“”’‘"
