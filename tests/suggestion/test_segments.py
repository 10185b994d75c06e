import pytest

from writer.suggestion.segments import first_sentence, first_word, is_chinese, sentence_ends

ONE_SENTENCE = [
    "He rose.",
    "He rose!",
    "Did he rise?",
    "He rose…",
    "He rose...",
    "Really?!",
    "“He rose.”",
    "‘He rose,’ she said, ‘and fell.’",
    "(He rose.)",
    "Mr. Bell rose.",
    "“Mr. Bell,” said Mrs. Bell to Dr. Hume.",
    "It cost 3.14 pounds.",
    "J. R. Smith rose.",
    "He lived at No. 7 with his cat.",
    "“Go!” he said.",
    "“Who?” she asked.",
    "He was… not there.",
    "He was ... not there.",
    "See writer.py for more.",
    "他走了。",
    "“他走了。”",
    "「他走了。」",
    "（他走了！）",
    "他……走了。",
    "他走了？！",
    "“我……”",
]


@pytest.mark.parametrize("sentence", ONE_SENTENCE)
def test_a_sentence_ends_at_its_end_alone(sentence):
    assert sentence_ends(sentence) == [len(sentence)]


@pytest.mark.parametrize("first", ONE_SENTENCE)
@pytest.mark.parametrize("second", ["Then they left.", "“Oh.”", "他走了。"])
def test_the_first_sentence_of_two_is_the_first(first, second):
    assert first_sentence(f"{first} {second}") == first


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("He rose. She fell.", ["He rose.", " She fell."]),
        ("“No.” He left.", ["“No.”", " He left."]),
        ("No. He left.", ["No.", " He left."]),
        ("So do I. He left.", ["So do I.", " He left."]),
        ("It was 1914. He left.", ["It was 1914.", " He left."]),
        ("i rose. then i fell.", ["i rose.", " then i fell."]),
        ("“Go!” He left.", ["“Go!”", " He left."]),
        ("他走了。“好！”她说。", ["他走了。", "“好！”", "她说。"]),
        ("「好。」他说……「走！」", ["「好。」", "他说……「走！」"]),
        ("他走了。她没有", ["他走了。"]),
        ("", []),
        ("no end", []),
        ("...", ["..."]),
        ("rain\nfell", []),
    ],
)
def test_sentences(text, sentences):
    ends = sentence_ends(text)
    assert [text[a:b] for a, b in zip([0, *ends], ends, strict=False)] == sentences


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (" said Mr. Bell. He rose.", " said Mr. Bell."),
        (" the rain\n\nHe rose.", " the rain"),
        ("\n\n“No!” He rose.", "\n\n“No!”"),
        ("\n\nChapter Two\n\nHe rose.", "\n\nChapter Two"),
        ("no end at all", "no end at all"),
        ("", ""),
        ("\n", "\n"),
    ],
)
def test_the_first_sentence(text, first):
    assert first_sentence(text) == first


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("the rain", "the"),
        (" the rain", " the"),
        ("s, he said", "s,"),
        (" “Well,” she said", " “Well,”"),
        ("\n\n“No!” he", "\n\n“No!”"),
        (" don’t know", " don’t"),
        ("雨停了，他", "雨"),
        (" iPhone手机", " iPhone"),
        ("他走", "他"),
        ("🙂 he", "🙂"),
        ("", ""),
        ("  ", "  "),
    ],
)
def test_the_first_word(text, word):
    first = first_word(text)
    assert first == word or (word == "雨" and first == "雨停")


@pytest.mark.parametrize(
    "text",
    [
        " the rain fell, and “Mr. Bell” rose.\n\nThen he left.  ",
        "雨停了，他走进屋子。“有人吗？”他说。\n\n没有人 answered 他。",
        "🙂 שלום\u3000a\u2028b\x00c",
        "𠀀𠀁字" * 20,
    ],
)
@pytest.mark.parametrize("part", [first_word, first_sentence])
def test_taken_piece_by_piece_a_text_is_whole(part, text):
    rest, pieces = text, []
    while rest:
        piece = part(rest)
        assert piece
        assert rest.startswith(piece)
        pieces.append(piece)
        rest = rest[len(piece) :]
    assert "".join(pieces) == text
    assert len(pieces) > 1 or part is first_sentence


def test_chinese_words_are_words_not_letters():
    assert first_word("中华人民共和国成立了") in ("中华人民共和国", "中华", "中华人民")
    assert len(first_word("我们走吧")) == 2


@pytest.mark.parametrize(
    ("text", "chinese"), [("他走了", True), ("He left", False), ("他说OK了", True), ("", False)]
)
def test_what_is_chinese(text, chinese):
    assert is_chinese(text) is chinese
