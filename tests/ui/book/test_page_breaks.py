"""No page is overfull, nothing is lost or reordered, and what belongs together stays together."""

import random
from itertools import pairwise

from writer.ui.book.page_breaks import Row, pages_of, tops_of


def random_rows(rng: random.Random) -> list[Row[int]]:
    return [
        Row(
            number,
            rng.choice([1.0, 1.0, 1.0, 2.0]),
            above=rng.choice([0.0, 0.0, 1.0, 3.0]),
            keeps_next=rng.random() < 0.3,
            begins_page=rng.random() < 0.05,
        )
        for number in range(rng.randint(0, 200))
    ]


def test_pages_hold_all_rows_in_order_and_no_more_than_fits():
    rng = random.Random(1)
    for _ in range(200):
        rows, height = random_rows(rng), rng.uniform(8, 30)
        pages = list(pages_of(rows, height))
        assert [row for page in pages for row in page] == rows
        for page in pages:
            top, last = list(tops_of(page))[-1]
            assert top + last.height <= height or len(page) == 1
            assert not any(row.begins_page for row in page[1:])


def test_a_page_ends_where_it_may_unless_all_of_it_belongs_together():
    rng = random.Random(2)
    for _ in range(200):
        rows = random_rows(rng)
        pages = list(pages_of(rows, 20.0))
        for page, following in pairwise(pages):
            if page[-1].keeps_next and not following[0].begins_page:
                assert all(row.keeps_next for row in page)


def test_air_falls_away_at_the_head_of_a_page():
    rows = [Row(1, 1.0, above=2.0), Row(2, 1.0, above=2.0)]
    assert [top for top, _ in tops_of(rows)] == [0.0, 3.0]
    assert [top for top, _ in tops_of([Row(1, 1.0, above=2.0, begins_page=True)])] == [2.0]
