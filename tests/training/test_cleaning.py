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


def test_a_list_of_chapters_goes_and_a_letter_head_stays():
    listed = "\n\n".join(f"{number}. The Chapter of So Much" for number in range(8))
    assert clean(f"{listed}\n\nIt rained.") == "It rained."
    head = "Baker Street\n\nLondon\n\nDear Watson,\n\nCome at once."
    assert clean(head) == head
    spoken = "\n\n".join(["“Yes.”", "“No.”"] * 8)
    assert clean(spoken) == spoken


def test_doubled_headings_and_addresses_go():
    assert clean("第一回\n\n第一回\n\n话说。\n\nwww.example.com 免费") == "第一回\n\n话说。"
    long = "He spoke of www.example.com at length, " * 8
    assert clean(long) == long.strip()


def test_lines_broken_at_the_margin_are_joined():
    line = "花天荷主意定了遂急急走回柳家书房叫花灌传出令来又命管营发牌"
    broken = f"{line}\n\n。他说。\n\n" * 6
    assert clean(broken) == "\n\n".join([f"{line}。他说。"] * 6)
    whole = f"{line}\n\n他说。\n\n" * 6
    assert clean(whole) == whole.strip()
