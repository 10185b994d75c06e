from dataclasses import FrozenInstanceError, replace

import pytest

from writer.settings import Sampling
from writer.suggestion.cache import AnswerCache
from writer.suggestion.candidate import Candidate
from writer.suggestion.request import Answer, Request


def request(before="He", **values) -> Request:
    return replace(Request(1, 2, before, "", Sampling(), 7), **values)


def answer(before="He", **values) -> Answer:
    return Answer(request(before, **values), (Candidate(1, " rose.", -1.0),), True, 1, 2)


# A candidate and what is typed


def test_typing_what_it_says_shortens_a_candidate_letter_by_letter():
    candidate = Candidate(7, " 雨 🙂 fell", -1.2, 3)
    for letter in candidate.text[:-1]:
        rest = candidate.after_typing(letter)
        assert letter + rest.text == candidate.text
        assert rest == replace(candidate, text=rest.text)
        candidate = rest
    assert candidate.after_typing(candidate.text) is None


@pytest.mark.parametrize("typed", ["x", " The", " the rain and", " the rain"])
def test_typing_something_else_or_everything_leaves_none(typed):
    assert Candidate(7, " the rain", -1.2).after_typing(typed) is None


def test_typing_nothing_changes_nothing():
    candidate = Candidate(7, " the rain", -1.2)
    assert candidate.after_typing("") == candidate


@pytest.mark.parametrize("value", [Candidate(1, "a", -1.0), request(), answer()])
def test_what_crosses_threads_is_frozen(value):
    field = next(iter(type(value).__dataclass_fields__))
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        setattr(value, field, None)
    hash(value)


# The cache


def test_an_equal_request_has_the_answer_whatever_its_serial_and_place():
    cache, known = AnswerCache(), answer()
    cache.put(known)
    assert cache.get(request(serial=99, position=1000)) is known


@pytest.mark.parametrize(
    "other",
    [
        request("She"),
        request(after="x"),
        request(seed=8),
        request(sampling=Sampling(temperature=0.8)),
        request(sampling=Sampling(candidates=4)),
    ],
)
def test_another_request_has_no_answer(other):
    cache = AnswerCache()
    cache.put(answer())
    assert cache.get(other) is None


def test_the_answer_used_longest_ago_goes_first():
    cache = AnswerCache(capacity=2)
    cache.put(answer("a"))
    cache.put(answer("b"))
    assert cache.get(request("a"))
    cache.put(answer("c"))
    assert [cache.get(request(text)) is not None for text in "abc"] == [True, False, True]


def test_a_newer_answer_takes_the_place_of_an_older():
    cache = AnswerCache(capacity=2)
    newer = replace(answer("a"), candidates=())
    for each in (answer("a"), answer("b"), newer, answer("c")):
        cache.put(each)
    assert cache.get(request("a")) is newer
    assert cache.get(request("b")) is None
