import random

import pytest

from tests.manuscript.formats.random_books import random_line
from writer.manuscript.emphasis import Style
from writer.manuscript.formats.runs import (
    Run,
    heading_level,
    heading_line,
    is_scene_break,
    line_of,
    runs_of,
    tidied,
)

SIGNS = ("*", "**", "_", "\\", "a", "b c", " ", "“", "”", ".", "中", "。", "#", "-", "***", "é")


def shown(runs):
    return "".join(run.text for run in runs)


def random_signs(rng):
    return "".join(rng.choice(SIGNS) for _ in range(rng.randint(1, 12)))


def is_a_paragraph(runs):
    return bool(runs) and not is_scene_break(shown(runs))


@pytest.mark.parametrize("seed", range(3))
def test_a_line_survives_becoming_runs_and_a_line_again(seed):
    rng = random.Random(seed)
    for _ in range(1200):
        line = random_line(rng)
        runs = tidied(runs_of(line))
        if heading_level(line) or not is_a_paragraph(runs):
            continue
        assert tidied(runs_of(line_of(runs))) == runs
        assert not heading_level(line_of(runs))


@pytest.mark.parametrize("seed", range(3))
def test_no_character_is_lost_whatever_is_emphasised(seed):
    rng = random.Random(seed)
    for _ in range(400):
        runs = tidied(
            Run(random_signs(rng)[:5], Style(rng.randint(0, 3))) for _ in range(rng.randint(1, 5))
        )
        if is_a_paragraph(runs):
            assert shown(tidied(runs_of(line_of(runs)))) == shown(runs)
            level = rng.randint(1, 6)
            heading = heading_line(level, runs)
            if not is_scene_break(heading):
                assert heading_level(heading) == level
                assert shown(runs_of(heading)).strip() == shown(runs).strip()


@pytest.mark.parametrize("seed", range(2))
def test_emphasis_of_any_line_survives(seed):
    rng = random.Random(seed)
    for _ in range(2000):
        line = random_signs(rng)
        runs = tidied(runs_of(line))
        if not heading_level(line) and is_a_paragraph(runs):
            assert tidied(runs_of(line_of(runs))) == runs


@pytest.mark.parametrize(
    "text",
    [
        "1984. It was", "# 5 Main Street", "\\# x", "* a", "5 * 3", "snake_case_name", "a\\", "\\*",
        "*not*", "_no_", "__init__", "C:\\*.txt", "\\\\*", "\\---", "- - -x", "**", "a_ _b", "<i>",
    ],
)  # fmt: skip
def test_literal_text_stays_literal(text):
    assert shown(runs_of(line_of([Run(text)]))) == text
    assert all(not run.style for run in runs_of(line_of([Run(text)])))
    assert not heading_level(line_of([Run(text)]))


@pytest.mark.parametrize("sign", ["\\", "*", "_", "\\*", "* _", "#", "- ", "**a**_b_"])
def test_long_lines_of_signs_take_no_long_time(sign):
    line = sign * (40_000 // len(sign)) + "*x_"
    runs = tidied(runs_of(line))
    assert shown(tidied(runs_of(line_of(runs)))) == shown(runs)


def test_plain_words_get_no_backslashes():
    for text in ("snake_case", "2 * 3", "C:\\dir", "a - b #1", "¯\\o/¯"):
        assert line_of([Run(text)]) == text
