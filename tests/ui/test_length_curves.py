"""What is drawn of a model by length of context."""

import math
from itertools import pairwise
from pathlib import Path

import pytest

from tests.ui.test_models_dialog import card
from writer.shelf.reading import Reading, Stretch
from writer.shelf.speeds import LengthTime, LengthTimes
from writer.ui.length_curves import (
    Look,
    Scale,
    description,
    loss_chart,
    memory_chart,
    time_chart,
)

MB = 10**6


def reading(n_ctx: int, worst: float = 4.0, tokenizer: str = "one") -> Reading:
    ends = [0, 16, 64, *(128 << power for power in range((n_ctx // 128).bit_length()))]
    stretches = tuple(
        Stretch(first, end, worst - place / 10) for place, (first, end) in enumerate(pairwise(ends))
    )
    return Reading(stretches, ("validation.txt",), 5000, tokenizer)


OWN = card(Path("own"), reading=reading(1024))
LONG = card(Path("long"), n_ctx=4096, reading=reading(4096, 3.9))
OTHER = card(Path("雨"), reading=reading(1024, tokenizer="other"))


def test_the_loss_is_said_as_tokens_to_hesitate_between():
    chart = loss_chart(OWN, {"own": OWN})
    (curve,) = chart.curves
    assert (chart.scale, curve.look) == (Scale.PERPLEXITY, Look.FULL)
    assert chart.lengths == (16, 64, 128, 256, 512, 1024)
    assert curve.points[0].value == pytest.approx(math.exp(4.0))
    assert curve.points[-1].words == "33.1 tokens, having read 512 to 1,024"
    for point, end in zip(curve.points, chart.lengths, strict=True):
        assert end / 4 < point.length < end
    assert "validation.txt: 5,000 tokens" in chart.caption


def test_models_of_the_same_tokens_stand_beside_it():
    chart = loss_chart(OWN, {"own": OWN, "long": LONG, "雨": OTHER, "bare": card(Path("bare"))})
    assert [(curve.name, curve.look) for curve in chart.curves] == [
        ("long", Look.DIM), ("this model", Look.FULL),
    ]  # fmt: skip
    assert chart.lengths[-1] == 4096
    assert loss_chart(LONG, {"own": OWN}).lengths[-1] == 4096


def test_what_was_not_measured_is_said():
    chart = loss_chart(card(Path("bare")), {"own": OWN})
    assert not chart.curves
    assert description(chart) == chart.nothing != ""
    times = time_chart(OWN, None)
    assert not times.curves
    assert "Not measured" in times.nothing
    assert memory_chart(card(Path("bare")), "int8").nothing


@pytest.mark.parametrize(
    ("precision", "chosen"),
    [
        ("int8", "in 8 bits"),
        ("fp32", "in 32 bits"),
        ("", "in 32 bits"),
        ("bf16", "in 32 bits"),
    ],
)
def test_memory_is_an_estimate_in_what_it_would_work_in(precision, chosen):
    sizes = {128: {"int8": 100 * MB, "fp32": 200 * MB}, 1024: {"int8": 150 * MB, "fp32": 300 * MB}}
    chart = memory_chart(card(Path("m"), memory_by_length=sizes), precision)
    full = [curve.name for curve in chart.curves if curve.look is Look.FULL]
    assert (full, len(chart.curves), chart.lengths) == ([chosen], 2, (128, 1024))
    assert len({curve.look for curve in chart.curves}) == 2  # none is drawn as another
    assert "estimate" in chart.caption
    assert chart.curves[-1].points[-1].words.endswith("MB with 1,024 tokens")


def test_of_an_unknown_length_no_memory_is_drawn():
    chart = memory_chart(card(Path("m"), n_ctx=0, memory_by_length={0: {"int8": MB}}), "")
    assert not chart.curves


def test_times_are_of_this_machine():
    found = LengthTimes((LengthTime(128, 0.05, 0.002), LengthTime(256, 1.25, 0.0031)), "int8")
    chart = time_chart(OWN, found)
    words = [point.words for curve in chart.curves for point in curve.points]
    assert words == [
        "2.0 ms for a step behind 128 tokens", "3.1 ms for a step behind 256 tokens",
        "50 ms to read 128 tokens", "1.2 s to read 256 tokens",
    ]  # fmt: skip
    assert "in 8 bits" in chart.caption
    assert "More than 256 tokens" in chart.caption
    assert "More than" not in time_chart(card(Path("m"), n_ctx=256), found).caption
    said = description(chart)
    assert said.index("reading all of it") > 0
    assert all(each in said for each in words)
