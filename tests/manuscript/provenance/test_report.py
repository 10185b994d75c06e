"""The report adds up: by hand and standing are the text, standing and gone are what was taken."""

import csv
import io
import json
from dataclasses import replace

from writer.manuscript.counts import count_words
from writer.manuscript.provenance.marks import Mark
from writer.manuscript.provenance.marks_file import StoredMarks, text_digest
from writer.manuscript.provenance.origin import Conditions, Origin
from writer.manuscript.provenance.report import (
    Words,
    as_csv,
    as_json,
    as_markdown,
    make_report,
)


def stored_of(text, said, taken):
    """Marks on `said`, pairs of id and words; each id begins with its model's letter."""
    marks, origins = [], {}
    for id in taken:
        origins[id] = Origin.under(id, Conditions(f"Model {id[0]}", "", "", "", "", {}), 1, 0, "")
    for id, words in said:
        start = text.index(words)
        marks.append(Mark(start, start + len(words), replace(origins[id], text=words), 0))
    return StoredMarks(tuple(marks), text_digest(text), len(text), taken, origins)


DUSK = "The rain fell on the roof. 他走进屋子。"
DAWN = "They slept, and woke late."


def report():
    dusk = stored_of(DUSK, [("a1", " fell on the roof."), ("b1", "走进")], {"a1": 6, "b1": 4})
    dawn = stored_of(DAWN, [("a2", "pt, and woke")], {"a2": 2})
    return make_report([("Dusk", DUSK, dusk), ("Dawn", DAWN, dawn)])


def test_words_taken_and_what_became_of_them():
    dusk, dawn = report().texts
    assert dusk.models == {"Model a": Words(6, 4), "Model b": Words(4, 2)}
    assert (dusk.words, dusk.by_hand) == (count_words(DUSK), count_words(DUSK) - 6)
    assert dusk.suggested == Words(10, 6)
    assert dusk.suggested.gone == 4
    assert dawn.models == {"Model a": Words(2, 2)}  # “slept” was taken in part only


def test_the_total_is_the_sum():
    found = report()
    assert found.total.words == sum(each.words for each in found.texts)
    assert found.total.by_hand == sum(each.by_hand for each in found.texts)
    assert found.total.suggested == sum((each.suggested for each in found.texts), Words())
    assert found.total.models == {"Model a": Words(8, 6), "Model b": Words(4, 2)}


def test_what_was_moved_to_another_text_was_taken_there():
    here = stored_of("x", [], {"a1": 5})
    there = stored_of(DUSK, [("a1", " fell on the roof.")], {"a1": 0})
    found = make_report([("Here", "x", here), ("There", DUSK, there)])
    assert [each.suggested for each in found.texts] == [Words(1, 0), Words(4, 4)]
    assert found.total.suggested == Words(5, 4)


def test_what_was_copied_was_taken_twice():
    text = " fell on the roof."
    one = stored_of(text, [("a1", text)], {"a1": 4})
    two = stored_of(text, [("a1", text)], {"a1": 0})
    found = make_report([("One", text, one), ("Two", text, two)])
    assert found.total.suggested == Words(8, 8)
    assert found.total.by_hand == 0


def test_nothing_was_ever_suggested():
    found = make_report([("Dusk", DUSK, StoredMarks())])
    assert found.total.by_hand == found.total.words
    assert as_markdown(found).count("\n") > 3


def test_exports_say_the_same():
    found = report()
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    whole = {row["Text"]: row for row in rows if row["Model"] == "All models"}
    values = json.loads(as_json(found))
    for each, value in zip(
        (*found.texts, found.total), [*values["texts"], values["total"]], strict=True
    ):
        assert whole[each.name]["Words"] == str(each.words) == str(value["words"])
        assert whole[each.name]["Written by hand"] == str(each.by_hand) == str(value["by_hand"])
        gone = each.suggested.gone
        assert whole[each.name]["Edited or removed"] == str(gone) == str(value["edited_or_removed"])
        assert f"| {each.name} | {each.words:,} | {each.by_hand:,} |" in as_markdown(found)


def test_a_title_is_no_formula_and_breaks_no_table():
    found = make_report([("=1+1|\n2", DUSK, StoredMarks())])
    assert "\n'=1+1" in as_csv(found).replace('"', "")
    assert "=1+1\\| 2" in as_markdown(found)
