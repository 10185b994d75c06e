import random

import pytest

from writer.manuscript.counts import RunningCount, count_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("one", 1),
        ("The rain had not stopped.", 5),
        ("don’t won't rock'n'roll well-known", 4),
        ("word—word and word--word", 5),
        ("‘Tis’ 'quoted'", 2),
        ("*emphasis* and **strong** and _both_", 5),
        ("# Chapter Four", 2),
        ("* * *", 0),
        ("---", 0),
        ("snake_case", 1),
        ("3.14 and 1,000 at 10:30.", 5),
        ("他很好，我也是。", 6),
        ("ひらがなカタカナー", 9),
        ("漢字と kana", 4),
        ("안녕하세요 세상", 2),
        ("Привет, мир", 2),
        ("café cafe\u0301s naïve", 3),
        ("हिन्दी में", 2),
        ("שָׁלוֹם עולם", 2),
        ("a\u2028b\u00a0c", 3),
        ("😀 🎉", 0),
        ("soft\u00adhyphen", 1),
    ],
)
def test_words(text, words):
    assert count_words(text) == words


def _random_paragraph(random_):
    alphabet = "ab1 .,:'’-_*#é\u0301他가カ\u2028\u200d"
    return "".join(random_.choices(alphabet, k=random_.randrange(20)))


def test_paragraphs_add_up_to_the_text():
    random_ = random.Random(3)
    for _ in range(500):
        paragraphs = [_random_paragraph(random_) for _ in range(5)]
        assert sum(map(count_words, paragraphs)) == count_words("\n".join(paragraphs))


def test_a_running_count_equals_counting_anew():
    random_ = random.Random(4)
    paragraphs = ["one two", "three"]
    running = RunningCount(paragraphs)
    for _ in range(300):
        first = random_.randrange(len(paragraphs) + 1)
        removed = random_.randrange(len(paragraphs) - first + 1)
        added = [_random_paragraph(random_) for _ in range(random_.randrange(4))]
        paragraphs[first : first + removed] = added
        running.replace(first, removed, added)
        assert len(running) == len(paragraphs)
        assert running.total == count_words("\n".join(paragraphs))


def test_paragraphs_that_are_not_there_are_refused():
    with pytest.raises(IndexError):
        RunningCount(["a"]).replace(1, 1, [])
