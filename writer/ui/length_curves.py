"""What is drawn of a model by length of context: its curves, and what each figure says. No widget.

Loss was measured when the model was made public, memory is estimated, time is measured here.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QCoreApplication

from writer.shelf.card import Card
from writer.shelf.reading import Reading, Stretch, edges
from writer.shelf.sizes import in_words
from writer.shelf.speeds import LengthTimes


class Look(Enum):
    """How a curve is drawn."""

    FULL = "full"
    """What the chart is about."""
    SECOND = "second"
    """As much, and of another thing."""
    DIM = "dim"
    """Only to compare with."""


_LOOKS = (Look.DIM, Look.SECOND, Look.FULL)


class Scale(Enum):
    """What the height of a point is."""

    PERPLEXITY = "perplexity"
    """Among how many tokens, on a logarithmic axis."""
    BYTES = "bytes"
    """From nothing on."""
    SECONDS = "seconds"
    """On a logarithmic axis."""


@dataclass(frozen=True, slots=True)
class Point:
    """A figure at a length."""

    length: float
    value: float
    words: str
    """What it says, in one short line."""


@dataclass(frozen=True, slots=True)
class LengthCurve:
    """Points from short to long."""

    name: str
    points: tuple[Point, ...]
    look: Look = Look.FULL


@dataclass(frozen=True, slots=True)
class LengthChart:
    """One chart."""

    title: str
    """What the height is."""
    beneath: str
    """What the lengths are."""
    scale: Scale
    lengths: tuple[int, ...]
    """The marks of the axis beneath."""
    curves: tuple[LengthCurve, ...]
    caption: str
    """Where the figures come from."""
    nothing: str = ""
    """What is said where there is no curve."""


def loss_chart(card: Card, others: Mapping[str, Card]) -> LengthChart:
    """Return how well a model predicts, beside `others` of the same tokens and texts, by name."""
    title = _tr("Tokens it hesitates between, by how many it has read before")
    beneath = _tr("tokens read before")
    own = card.reading
    if own is None:
        marks = tuple(edges(card.n_ctx))
        nothing = _tr("How well it predicts was not measured when it was made.")
        return LengthChart(title, beneath, Scale.PERPLEXITY, marks, (), "", nothing)
    curves = [
        LengthCurve(name, _losses(other.reading), Look.DIM)
        for name, other in others.items()
        if other.reading is not None and other.path != card.path and own.is_like(other.reading)
    ]
    curves.append(LengthCurve(_tr("this model"), _losses(own)))
    ends = {each.end for curve in (own, *_readings(others, own)) for each in curve.stretches}
    caption = _tr("Fewer is better. Measured on {texts}: {n} tokens.").format(
        texts=", ".join(own.texts), n=f"{own.tokens:,}"
    )
    return LengthChart(
        title, beneath, Scale.PERPLEXITY, tuple(sorted(ends)), tuple(curves), caption
    )


def memory_chart(card: Card, precision: str) -> LengthChart:
    """Return what a model takes at work, in `precision` or in what takes most, beside others."""
    title = _tr("Memory at work, by length of context")
    lengths = tuple(sorted(card.memory_by_length))
    if not lengths or not lengths[0]:
        nothing = _tr("What it takes by length is not known.")
        return LengthChart(title, _context(), Scale.BYTES, (), (), "", nothing)
    longest = card.memory_by_length[lengths[-1]]
    chosen = precision if precision in longest else max(longest, key=lambda each: longest[each])
    others = sorted((each for each in longest if each != chosen), key=lambda each: -longest[each])
    curves = [
        LengthCurve(
            _precision(each),
            tuple(_bytes_at(length, card.memory_by_length[length][each]) for length in lengths),
            look,
        )
        for each, look in zip((*others, chosen), _LOOKS[-len(longest) :], strict=True)
    ]
    caption = _tr("An estimate, told from its shape before it is loaded.")
    return LengthChart(title, _context(), Scale.BYTES, lengths, tuple(curves), caption)


def _precision(name: str) -> str:
    """Return what a number format is called, as the README does."""
    words = {"int8": _tr("in 8 bits"), "bf16": _tr("in 16 bits"), "fp32": _tr("in 32 bits")}
    return words.get(name, name)


def time_chart(card: Card, found: LengthTimes | None) -> LengthChart:
    """Return what contexts cost on this machine."""
    title = _tr("Time here, by length of context")
    if found is None:
        nothing = _tr("Not measured on this machine yet.")
        return LengthChart(title, _context(), Scale.SECONDS, (), (), "", nothing)
    reading = tuple(
        _seconds_at(each.length, each.reading_s, _tr("{time} to read {n} tokens"))
        for each in found.times
    )
    steps = tuple(
        _seconds_at(each.length, each.step_s, _tr("{time} for a step behind {n} tokens"))
        for each in found.times
    )
    curves = (
        LengthCurve(_tr("one more word of 5 continuations"), steps, Look.SECOND),
        LengthCurve(_tr("reading all of it"), reading),
    )
    caption = _tr("Measured on this machine, {precision}.").format(
        precision=_precision(found.precision)
    )
    longest = found.times[-1].length
    if longest < card.n_ctx:
        caption += " " + _tr("More than {n} tokens would take minutes to measure.").format(
            n=f"{longest:,}"
        )
    lengths = tuple(each.length for each in found.times)
    return LengthChart(title, _context(), Scale.SECONDS, lengths, curves, caption)


def in_time(seconds: float) -> str:
    """Return a time with two digits and its unit.

    >>> in_time(0.00234), in_time(0.0567), in_time(1.234), in_time(75)
    ('2.3 ms', '57 ms', '1.2 s', '75 s')
    """
    number, unit = (seconds * 1000, "ms") if seconds < 0.9995 else (seconds, "s")
    return f"{number:,.1f} {unit}" if number < 9.95 else f"{number:,.0f} {unit}"


def description(chart: LengthChart) -> str:
    """Return all figures of a chart in words, as a screen reader reads them."""
    if not chart.curves:
        return chart.nothing
    said = []
    for curve in sorted(chart.curves, key=lambda each: each.look is Look.DIM):
        figures = "; ".join(point.words for point in curve.points)
        said.append(f"{curve.name}: {figures}.")
    return " ".join([*said, chart.caption])


def _readings(others: Mapping[str, Card], own: Reading) -> Iterable[Reading]:
    readings = (card.reading for card in others.values())
    return (each for each in readings if each is not None and own.is_like(each))


def _losses(reading: Reading | None) -> tuple[Point, ...]:
    stretches = reading.stretches if reading else ()
    return tuple(map(_loss_of, stretches))


def _loss_of(stretch: Stretch) -> Point:
    perplexity = math.exp(stretch.loss)
    words = _tr("{n} tokens, having read {first} to {end}").format(
        n=_figure(perplexity), first=f"{stretch.first:,}", end=f"{stretch.end:,}"
    )
    # In the middle of its stretch, as the axis goes.
    middle = math.sqrt(max(stretch.first, stretch.end / 4) * stretch.end)
    return Point(middle, perplexity, words)


def _context() -> str:
    return _tr("tokens of context")


def _figure(value: float) -> str:
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def _bytes_at(length: int, size: int) -> Point:
    words = _tr("{size} with {n} tokens").format(size=in_words(size), n=f"{length:,}")
    return Point(length, size, words)


def _seconds_at(length: int, seconds: float, words: str) -> Point:
    said = words.format(time=in_time(seconds), n=f"{length:,}")
    return Point(length, seconds, said)


def _tr(words: str) -> str:
    return QCoreApplication.translate("Models", words)
