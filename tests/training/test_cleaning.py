import pytest

from writer.training.cleaning import clean


def test_cleaning_is_done_once_and_for_all():
    page = (
        "  CHAPTER I \n\n\n[Illustration: a\u00a0boat]\n* * *\n---\n“It was\t _not_  so.”[12]\n[Ed]"
    )
    assert clean(page) == "CHAPTER I\n\n“It was not so.”\n\n[Ed]"
    assert clean(clean(page)) == clean(page)
    assert clean(" \n\n ") == ""


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ("他－－走了", "他——走了"),
        ("他──走了", "他——走了"),
        ("他—走了", "他——走了"),
        ("他——走了", "他——走了"),
        ("他...走了", "他……走了"),
        ("他。。。走了", "他……走了"),
        ("他…走了", "他……走了"),
        ("He went — away...", "He went — away..."),
    ],
)
def test_chinese_dashes_and_dots_have_one_form_and_others_their_own(found, wanted):
    assert clean(found) == wanted


@pytest.mark.parametrize(
    "kept",
    [
        "「好。」\n\n「你去嗎？」\n\n「去。」\n\n「幾時？」\n\n「今晚。」\n\n「好。」\n\n他走了。",
        "“……”\n\n“……？”\n\n“……！”",
        "“No.”\n\n“No.”\n\nShe said it twice.",
        "我家的有二伯，性情真古怪。\n\n我家的有二伯，性情真古怪。",
        "He had a Gutenberg Bible on the shelf.",
        "Tyger Tyger, burning bright\n\nIn the forests of the night\n\nWhat immortal hand or eye"
        "\n\nCould frame thy fearful symmetry\n\nIn what distant deeps or skies\n\nBurnt the fire"
        "\n\nOn what wings dare he aspire",
        "Baker Street\n\nLondon\n\nDear Watson,\n\nCome at once.",
        "\n\n".join(["“Yes.”", "“No.”"] * 8),
        "* He rose.\n\n- She sat.",
    ],
    ids=["dialogue", "silence", "twice", "refrain", "name", "verse", "letter", "short", "signs"],
)
def test_prose_stays_as_the_author_has_it(kept):
    assert clean(kept) == kept


@pytest.mark.parametrize(
    "listed",
    [
        [f"{number}. The Chapter of So Much" for number in range(8)],
        [f"Chapter {number} In which it rains" for number in ("I", "II", "III", "IV", "V", "VI")],
        [f"第{number}回 雨中相会" for number in "一二三四五六七"],
    ],
)
def test_a_list_of_chapters_goes(listed):
    text = "\n\n".join(listed)
    assert clean(f"{text}\n\nIt rained all day, and nobody went out.") == (
        "It rained all day, and nobody went out."
    )


def test_doubled_headings_and_addresses_go():
    assert clean("第一回\n\n第一回\n\n话说。\n\nwww.example.com 免费") == "第一回\n\n话说。"
    long = "He spoke of www.example.com at length, " * 8
    assert clean(long) == long.strip()


def test_english_lines_broken_at_the_margin_are_joined():
    wrapped = (
        "It was the best of times, it was the worst of times, it was\n"
        "the age of wisdom, it was the age of foolishness, it was the\n"
        "epoch of belief.\n\nIt was the season of Light, it was the season of\nDarkness.\n"
    )
    assert clean(wrapped) == (
        "It was the best of times, it was the worst of times, it was the age of wisdom, it was "
        "the age of foolishness, it was the epoch of belief.\n\nIt was the season of Light, it "
        "was the season of Darkness."
    )
    typed = "“You are late,” he said.\nShe took off her gloves.\nThe rain had stopped.\n"
    assert clean(typed) == typed.strip().replace("\n", "\n\n")


def test_chinese_lines_broken_at_the_margin_are_joined():
    line = "花天荷主意定了遂急急走回柳家书房叫花灌传出令来又命管营发牌"
    broken = f"{line}\n\n。他说。\n\n" * 6
    assert clean(broken) == "\n\n".join([f"{line}。他说。"] * 6)
    whole = f"{line}\n\n他说。\n\n" * 6
    assert clean(whole) == whole.strip()
