import pytest

from writer.manuscript.search import Search


def found(words, text, **how):
    return [place[0] for place in Search(words, **how).pattern().finditer(text)]


@pytest.mark.parametrize(
    ("words", "text", "whole", "places"),
    [
        ("ann", "Ann, Annie and Ann's", False, 3),
        ("ann", "Ann, Annie and Ann's", True, 2),
        ("don't", "Don’t, don't", False, 2),
        ('"so"', "“So” it was", False, 1),
        ("a b", "a\u00a0b a\u202fb", False, 2),
        ("a\nb", "a\nb a\u2029b a\u2028b", False, 3),
        ("雨", "春雨停了", True, 1),
        ("(.", "(.)", False, 1),
    ],
)
def test_what_looks_alike_is_found(words, text, whole, places):
    assert len(found(words, text, whole_word=whole)) == places


def test_case_is_matched_only_if_asked():
    assert found("Rain", "rain Rain RAIN", match_case=True) == ["Rain"]
    assert len(found("Rain", "rain Rain RAIN")) == 3
