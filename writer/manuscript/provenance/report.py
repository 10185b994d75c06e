"""The report: how many words of each text were written by hand, and what became of those taken.

Words are counted as everywhere, Chinese by characters. A word of which only a part was taken is
the writer's. What was taken in one text and stands in another was taken there.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from writer.manuscript.counts import count_words
from writer.manuscript.provenance.marks_file import StoredMarks, placed
from writer.manuscript.provenance.whole_words import AROUND, count_whole


@dataclass(frozen=True, slots=True)
class Words:
    """What became of words that were taken."""

    taken: int = 0
    standing: int = 0
    """As they were taken."""

    @property
    def gone(self) -> int:
        """Edited or removed since."""
        return self.taken - self.standing

    def __add__(self, other: "Words") -> "Words":
        return Words(self.taken + other.taken, self.standing + other.standing)


@dataclass(frozen=True, slots=True)
class TextReport:
    """What one text, or all of them, is made of."""

    name: str
    words: int
    models: Mapping[str, Words]
    """By the model's name, the most used one first."""

    @property
    def suggested(self) -> Words:
        """The words of all models."""
        return sum(self.models.values(), Words())

    @property
    def by_hand(self) -> int:
        """The words that do not stand as they were taken."""
        return self.words - self.suggested.standing


@dataclass(frozen=True, slots=True)
class Report:
    """All texts, in their order, and the sum of them."""

    texts: tuple[TextReport, ...]
    total: TextReport


@dataclass(frozen=True, slots=True)
class Headings:
    """What the columns are called; the interface may translate them."""

    text: str = "Text"
    words: str = "Words"
    by_hand: str = "Written by hand"
    taken: str = "Taken"
    standing: str = "Standing as taken"
    gone: str = "Edited or removed"
    model: str = "Model"
    total: str = "Total"
    all_models: str = "All models"

    def row(self) -> list[str]:
        """Return the columns of a text's line."""
        return [self.text, self.model, self.words, self.by_hand, *self.of_words()]

    def of_words(self) -> list[str]:
        """Return the columns about what was taken."""
        return [self.taken, self.standing, self.gone]


ENGLISH = Headings()


def make_report(
    texts: Iterable[tuple[str, str, StoredMarks]], headings: Headings = ENGLISH
) -> Report:
    """Return the report of texts, each a name, the text as it stands and its marks."""
    names, counts, standing, taken = [], [], [], []
    models: dict[str, str] = {}
    for name, text, stored in texts:
        names.append(name)
        counts.append(count_words(text))
        standing.append(_standing(stored, text))
        taken.append(dict(stored.taken))
        models |= {id: origin.model for id, origin in stored.origins.items()}
        models |= {mark.origin.id: mark.origin.model for mark in stored.marks}
    _settle_moves(taken, standing)
    reports = [
        TextReport(name, words, _by_model(stands, took, models))
        for name, words, stands, took in zip(names, counts, standing, taken, strict=True)
    ]
    total = _sum_by_model(report.models for report in reports)
    return Report(tuple(reports), TextReport(headings.total, sum(counts), total))


def as_csv(report: Report, headings: Headings = ENGLISH) -> str:
    """Return a table with a line for each text and, below it, one for each of its models."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headings.row())
    for each in (*report.texts, report.total):
        writer.writerow([_cell(each.name), headings.all_models, *_numbers(each)])
        for model, words in each.models.items():
            writer.writerow([_cell(each.name), _cell(model), "", "", *_of(words)])
    return out.getvalue()


def as_markdown(report: Report, headings: Headings = ENGLISH) -> str:
    """Return a table of the texts, and one of the models."""
    columns = [headings.text, headings.words, headings.by_hand, *headings.of_words()]
    lines = [_line(columns), _line(["---"] + ["--:"] * (len(columns) - 1))]
    lines += [
        _line([each.name, *map(_said, _numbers(each))]) for each in (*report.texts, report.total)
    ]
    lines += ["", _line([headings.model, *headings.of_words()]), _line(["---", *["--:"] * 3])]
    lines += [
        _line([model, *map(_said, _of(words))]) for model, words in report.total.models.items()
    ]
    return "\n".join(lines) + "\n"


def as_json(report: Report) -> str:
    """Return the report for other programs."""
    values = {
        "texts": [_values(each) for each in report.texts],
        "total": _values(report.total),
    }
    return json.dumps(values, ensure_ascii=False, indent=2) + "\n"


def _standing(stored: StoredMarks, text: str) -> dict[str, int]:
    standing: dict[str, int] = {}
    for mark in placed(stored, text):
        before = text[max(0, mark.start - AROUND) : mark.start]
        words = count_whole(before, text[mark.start : mark.end], text[mark.end : mark.end + AROUND])
        standing[mark.origin.id] = standing.get(mark.origin.id, 0) + words
    return standing


def _settle_moves(taken: list[dict[str, int]], standing: list[dict[str, int]]) -> None:
    """Let what stands in a text have been taken there: first what another text lacks, else anew.

    What was cut from one scene and pasted into another, or copied, was counted where it was taken.
    """
    spare: dict[str, list[tuple[dict[str, int], int]]] = {}
    for took, stands in zip(taken, standing, strict=True):
        for id, words in took.items():
            if words > stands.get(id, 0):
                spare.setdefault(id, []).append((took, words - stands.get(id, 0)))
    for took, stands in zip(taken, standing, strict=True):
        for id, words in stands.items():
            need = words - took.get(id, 0)
            if need <= 0:
                continue
            took[id] = words
            left = []
            for source, more in spare.pop(id, []):
                moved = min(need, more)
                source[id] -= moved
                need -= moved
                left.append((source, more - moved))
            spare[id] = left


def _by_model(
    standing: Mapping[str, int], taken: Mapping[str, int], models: Mapping[str, str]
) -> dict[str, Words]:
    return _sum_by_model(
        {models.get(id, ""): Words(taken.get(id, 0), standing.get(id, 0))}
        for id in {**taken, **standing}
    )


def _sum_by_model(parts: Iterable[Mapping[str, Words]]) -> dict[str, Words]:
    found: dict[str, Words] = {}
    for part in parts:
        for model, words in part.items():
            found[model] = found.get(model, Words()) + words
    return dict(sorted(found.items(), key=lambda item: (-item[1].taken, item[0])))


def _numbers(each: TextReport) -> list[int]:
    return [each.words, each.by_hand, *_of(each.suggested)]


def _of(words: Words) -> list[int]:
    return [words.taken, words.standing, words.gone]


def _values(each: TextReport) -> dict[str, object]:
    words = each.suggested
    return {
        "name": each.name,
        "words": each.words,
        "by_hand": each.by_hand,
        "taken": words.taken,
        "standing": words.standing,
        "edited_or_removed": words.gone,
        "models": {
            model: {"taken": of.taken, "standing": of.standing, "edited_or_removed": of.gone}
            for model, of in each.models.items()
        },
    }


def _cell(name: str) -> str:
    """Return a name that no spreadsheet takes for a formula."""
    return f"'{name}" if name[:1] in ("=", "+", "-", "@", "\t", "\r") else name


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _said(number: int) -> str:
    return f"{number:,}"
