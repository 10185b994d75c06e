import math

import pytest
from PySide6.QtGui import QColor, QPalette

from writer.places import resources
from writer.ui.loss_plot import LossPlot, loss_range, perplexity_ticks
from writer.ui.palette import load_palette
from writer.ui.theme import qt_palette
from writer.ui.training_log import Curve

CURVE = Curve(tuple((n / 50, 4 - n / 100) for n in range(51)), ((0.0, 3.9), (0.5, 3.7), (1.0, 3.6)))


@pytest.fixture
def plot(qtbot):
    plot = LossPlot()
    qtbot.addWidget(plot)
    plot.resize(440, 220)
    return plot


def colours(plot) -> set[str]:
    image = plot.grab().toImage()
    return {
        image.pixelColor(x, y).name().upper()
        for x in range(0, image.width(), 1)
        for y in range(0, image.height(), 1)
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_drawn_in_the_colours_of_the_theme(plot, theme):
    palette = load_palette(resources() / "themes", theme)
    plot.setPalette(qt_palette(palette))
    plot.show_curve(CURVE, 10)
    seen = colours(plot)
    assert {palette.panel, palette.ink, palette.line} <= seen
    assert palette.accent not in seen


def test_a_dot_stands_where_its_share_and_its_loss_are(plot):
    plot.setPalette(QPalette(QColor("#ffffff")))
    plot.show_curve(Curve(held_out=((0.5, 3.0),)), 10)
    low, high = loss_range(Curve(held_out=((0.5, 3.0),)))
    place = plot._at(0.5, 3.0, low, high)
    assert plot._inside().center() == place
    colour = plot.grab().toImage().pixelColor(place.toPoint())
    assert colour == plot.palette().windowText().color()


@pytest.mark.parametrize(
    "curve", [Curve(), Curve(held_out=((0.0, 3.0),)), Curve(read=((1.0, 20.0),)), CURVE]
)
@pytest.mark.parametrize("size", [(440, 220), (1, 1), (2000, 900)])
def test_any_curve_is_drawn_at_any_size(plot, curve, size):
    plot.resize(*size)
    plot.show_curve(curve, 120)
    assert not plot.grab().isNull()


def test_it_says_in_words_what_it_shows(plot):
    assert plot.accessibleName()
    assert plot.accessibleDescription() == "Nothing is learned yet."
    plot.show_curve(CURVE, 10)
    assert plot.accessibleDescription() == "On pages kept back: 49.4 words at first, 36.6 now."


@pytest.mark.parametrize("low", [0.0, 0.05, 1.0, 3.5, 8.0, 19.0])
@pytest.mark.parametrize("span", [0.1, 0.3, 1.0, 1.4, 3.0, 9.0])
def test_ticks_are_few_and_within_the_axis(low, span):
    ticks = perplexity_ticks(low, low + span)
    assert 1 <= len(ticks) <= 4
    assert ticks == sorted(set(ticks))
    assert all(low - 1e-9 <= math.log(tick) <= low + span + 1e-9 for tick in ticks)
