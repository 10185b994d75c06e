import json

import pytest

from writer.checkpoints.characters import CharacterTokenizer, learn_characters
from writer.checkpoints.files import ModelFiles
from writer.checkpoints.tokenizer import read_tokenizer

TEXT = "雨停了，他走进屋子。屋里没有人。“有人吗？”他说。\n——没有……\n"
MIXED = "他说 Hello world 1927 年。"


@pytest.fixture
def tokenizer():
    return learn_characters([TEXT * 3, MIXED], 400)


def test_chinese_text_comes_back(tokenizer):
    ids = tokenizer.encode(TEXT)
    assert tokenizer.decode(ids) == TEXT
    assert len(ids) == len(TEXT)
    assert tokenizer.lost(TEXT) == 0
    assert tokenizer.encode_batch([TEXT, "", "雨\n"]) == [ids, [], tokenizer.encode("雨\n")]


def test_spaces_come_back_between_latin_words_alone(tokenizer):
    assert tokenizer.decode(tokenizer.encode(MIXED)) == "他说Hello world 1927年。"
    assert tokenizer.lost(MIXED) == 2


def test_what_does_not_come_back_as_it_was_is_lost(tokenizer, tmp_path):
    assert tokenizer.lost("I say a b") == 0
    assert tokenizer.lost("他 说") == 1
    tokenizer.write(tmp_path, 64)
    lowering = CharacterTokenizer.read(tmp_path / "vocab.txt", lowers=True)
    assert lowering.lost("He SAY cafe") == 4
    assert lowering.lost("café") == 1


def test_line_ends_are_tokens_and_marks_in_a_text_are_text(tokenizer):
    ids = tokenizer.encode("雨\n\n雨")
    assert tokenizer.decode(ids[1:3]) == "\n\n"
    assert not tokenizer.special_ids & set(tokenizer.encode("[MASK][CLS][SEP][UNK]"))
    assert tokenizer.decode(tokenizer.encode("[SEP]")) == "[SEP]"


def test_what_has_no_token_is_unknown_and_says_nothing(tokenizer):
    ids = tokenizer.encode("雨龘雨")
    assert len(ids) == 3
    assert ids[1] in tokenizer.special_ids
    assert tokenizer.decode(ids) == "雨雨"
    assert tokenizer.lost("雨龘雨") == 1


def test_the_marks_are_those_of_gpt2_chinese(tokenizer, tmp_path):
    tokenizer.write(tmp_path, 64)
    lines = (tmp_path / "vocab.txt").read_text(encoding="utf-8").split("\n")
    assert [lines[number] for number in tokenizer.opening] == ["[MASK]"]
    assert lines[tokenizer.end_id] == "[CLS]"
    assert {lines[number] for number in tokenizer.special_ids} == {
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[MASK]",
    }
    assert len(lines) - 1 == tokenizer.vocab_size <= 400


def test_written_it_reads_the_same_and_transformers_agrees(tokenizer, tmp_path, transformers):
    tokenizer.write(tmp_path, 64)
    again = read_tokenizer(ModelFiles(tmp_path))
    assert again.encode(MIXED) == tokenizer.encode(MIXED)
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    line = TEXT.split("\n")[0] + MIXED
    assert theirs(line, add_special_tokens=False)["input_ids"] == tokenizer.encode(line)


def test_capitals_are_kept_unless_the_folder_says_otherwise(tokenizer, tmp_path):
    assert "Hello" in tokenizer.decode(tokenizer.encode("Hello"))
    tokenizer.write(tmp_path, 64)
    path = tmp_path / "tokenizer_config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "do_lower_case": True}))
    lowering = read_tokenizer(ModelFiles(tmp_path))
    assert lowering.decode(lowering.encode("Hello")) == "hello"
    path.unlink()  # as BERT's own tokenizer does, untold
    lowering = read_tokenizer(ModelFiles(tmp_path))
    assert lowering.decode(lowering.encode("Hello")) == "hello"


def test_a_character_beside_itself_has_a_form_for_the_inside_of_words():
    tokenizer = learn_characters(["□□々々ａａ"], 400)
    assert tokenizer.decode(tokenizer.encode("□□々々")) == "□□々々"


def test_the_commonest_characters_have_tokens():
    tokenizer = learn_characters(
        ["雨" * 9 + "雪" * 8 + "霜" * 7], learn_characters([], 400).vocab_size + 2
    )
    assert tokenizer.lost("雨雪") == 0
    assert tokenizer.lost("霜") == 1


@pytest.mark.parametrize(
    "text",
    ["", "a\nb\n", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\na\n"],
)
def test_a_vocabulary_that_is_none_is_refused(text, tmp_path):
    (tmp_path / "vocab.txt").write_text(text)
    with pytest.raises(ValueError, match="vocabulary"):
        CharacterTokenizer.read(tmp_path / "vocab.txt", lowers=False)


def test_line_separators_of_unicode_are_tokens(tmp_path):
    marks = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"
    (tmp_path / "vocab.txt").write_bytes((marks + "\u2028\n\u0085\n雨\n").encode())
    assert CharacterTokenizer.read(tmp_path / "vocab.txt", lowers=False).vocab_size == 8


# Vocabularies of words


WORDS = [
    "他们",
    "走进",
    "屋子",
    "没有",
    "没有人",
    "雨",
    "停",
    "了",
    "人",
    "，",
    "。",
    "hello",
    "##lo",
]


@pytest.fixture
def of_words(tmp_path):
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused1]", "<S>", *WORDS]
    (tmp_path / "vocab.txt").write_text("\n".join(tokens), encoding="utf-8")
    return read_tokenizer(ModelFiles(tmp_path))


def test_a_vocabulary_of_words_is_read_word_by_word(of_words):
    text = "雨停了，他们走进屋子。\n没有人。"
    ids = of_words.encode(text)
    assert of_words.decode(ids) == text
    assert len(ids) == 12
    assert of_words.lost(text) == 0


def test_a_word_that_is_not_there_falls_into_the_longest_that_are(of_words):
    assert of_words.decode(of_words.encode("没有屋子了")) == "没有屋子了"
    ids = of_words.encode("没有雪")  # of which there is none
    assert of_words.decode(ids) == "没有"
    assert ids[-1] in of_words.special_ids


def test_a_word_may_go_on_where_a_longer_one_begins_so(of_words):
    assert of_words.may_grow(of_words.encode("没有")[-1])
    assert not of_words.may_grow(of_words.encode("没有人")[-1])


def test_latin_words_are_kept_among_chinese_ones(of_words):
    text = "他们hello hello了"
    assert of_words.decode(of_words.encode(text)) == text


def test_what_is_kept_free_is_never_said(of_words):
    assert {0, 1, 2, 4, 5, 6} == of_words.special_ids


def test_a_vocabulary_needs_no_padding(tmp_path):
    (tmp_path / "vocab_small.txt").write_text("[UNK]\n[CLS]\n[SEP]\n[MASK]\n雨\n")
    assert read_tokenizer(ModelFiles(tmp_path)).encode("雨") == [4]


def test_transformers_own_file_of_a_bert_vocabulary_is_read(tokenizer, tmp_path, transformers):
    tokenizer.write(tmp_path, 64)
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    theirs.save_pretrained(tmp_path / "theirs")
    (tmp_path / "theirs" / "vocab.txt").unlink(missing_ok=True)
    again = read_tokenizer(ModelFiles(tmp_path / "theirs"))
    assert again.encode(MIXED) == tokenizer.encode(MIXED)
    assert again.special_ids == tokenizer.special_ids
