import math
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from tests.ui.test_length_curves import LONG, MB, OWN, card
from tests.ui.test_loss_plot import colours
from writer.places import resources
from writer.shelf.speeds import LengthTime, LengthTimes
from writer.ui.length_curves import Look, loss_chart, memory_chart, time_chart
from writer.ui.length_plot import LengthPlot, byte_ticks, decade_ticks
from writer.ui.palette import contrast, load_palette
from writer.ui.theme import qt_palette

SIZES = {each: {"int8": 100 * MB, "fp32": 200 * MB} for each in (128, 256)}
TIMES = LengthTimes((LengthTime(128, 0.05, 0.002), LengthTime(1024, 1.25, 0.0031)), "int8")
CHARTS = {
    "loss": loss_chart(OWN, {}),
    "beside": loss_chart(OWN, {"long": LONG}),
    "memory": memory_chart(card(Path("m"), memory_by_length=SIZES), "int8"),
    "one": memory_chart(card(Path("m"), memory_by_length={64: SIZES[128]}), "int8"),
    "time": time_chart(OWN, TIMES),
    "one time": time_chart(OWN, LengthTimes(TIMES.times[:1], "int8")),
    "nothing": time_chart(OWN, None),
}


@pytest.fixture
def plot(qtbot):
    plot = LengthPlot()
    qtbot.addWidget(plot)
    plot.resize(480, 216)
    plot.show()
    return plot


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
@pytest.mark.parametrize("size", [(480, 216), (1, 1), (2000, 900)])
def test_any_chart_is_drawn_at_any_size(plot, chart, size):
    plot.resize(*size)
    plot.show_chart(chart)
    assert not plot.grab().isNull()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_drawn_in_the_colours_of_the_theme(plot, theme):
    palette = load_palette(resources() / "themes", theme)
    plot.setPalette(qt_palette(palette))
    plot.show_chart(CHARTS["beside"])
    seen = colours(plot)
    assert {palette.panel, palette.ink, palette.line} <= seen
    assert palette.accent not in seen
    for colour in (palette.ink, palette.faint, palette.focus):  # lines and words
        assert contrast(colour, palette.panel) >= 3


@pytest.mark.parametrize("name", ["loss", "beside", "memory", "one", "time"])
def test_points_stand_inside_in_the_order_of_their_lengths(plot, name):
    plot.show_chart(CHARTS[name])
    inside = plot._inside()
    for curve in CHARTS[name].curves:
        places = [plot._place(point) for point in curve.points]
        across = [place.x() for place in places]
        assert across == sorted(across)
        for place in places:
            assert inside.left() - 0.1 <= place.x() <= inside.right() + 0.1
            assert inside.top() <= place.y() <= inside.bottom()


def test_octaves_are_equally_far_apart(plot):
    plot.show_chart(CHARTS["loss"])
    inside = plot._inside()
    steps = [plot._x(2 * mark, inside) - plot._x(mark, inside) for mark in (16, 64, 256, 512)]
    assert steps == pytest.approx([steps[0]] * 4)


def test_it_says_all_its_figures(plot):
    plot.show_chart(CHARTS["time"])
    assert plot.accessibleName() == "Time here, by length of context"
    said = plot.accessibleDescription()
    assert "1.2 s to read 1,024 tokens" in said
    assert "2.0 ms for a step behind 128 tokens" in said


def test_the_arrow_keys_go_from_figure_to_figure(plot, qtbot):
    plot.show_chart(CHARTS["beside"])
    with qtbot.waitActive(plot):
        plot.activateWindow()
    plot.setFocus(Qt.FocusReason.TabFocusReason)
    assert plot.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert plot.said == ""
    main = next(curve for curve in CHARTS["beside"].curves if curve.look is Look.FULL)
    heard = []
    for key in [Qt.Key.Key_Right] * 2 + [Qt.Key.Key_Left] * 3 + [Qt.Key.Key_End]:
        qtbot.keyClick(plot, key)
        heard.append(plot.said)
    words = [point.words for point in main.points]
    assert heard == [words[place] for place in (0, 1, 0, 0, 0, -1)]
    plot.show_chart(CHARTS["time"])
    assert plot.said == ""
    qtbot.keyClick(plot, Qt.Key.Key_Home)
    assert plot.said == "50 ms to read 128 tokens"
    plot.clearFocus()
    assert plot.said == ""


def test_the_pointer_is_told_the_figure_it_is_near(plot):
    plot.show_chart(CHARTS["time"])

    def move(place: QPointF) -> None:
        button = Qt.MouseButton.NoButton
        moved = QMouseEvent(
            QEvent.Type.MouseMove, place, plot.mapToGlobal(place), button, button,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(plot, moved)

    for curve in CHARTS["time"].curves:
        for point in curve.points:
            move(plot._place(point) + QPointF(3, -4))
            assert plot.said == point.words
    move(QPointF(QPoint(240, 2)))
    assert plot.said == ""
    move(plot._place(CHARTS["time"].curves[0].points[0]))
    QApplication.sendEvent(plot, QEvent(QEvent.Type.Leave))
    assert plot.said == ""


@pytest.mark.parametrize("high", [1.0, 900.0, 170e6, 230e6, 999e6, 80e9])
def test_ticks_of_bytes_are_few_and_begin_at_none(high):
    ticks = byte_ticks(high)
    assert ticks[0] == 0
    assert 2 <= len(ticks) <= 5
    assert ticks[-1] <= high


@pytest.mark.parametrize("low", [0.0004, 0.002, 0.05, 3.0])
@pytest.mark.parametrize("times", [2.3, 30.0, 1e4])
def test_ticks_of_seconds_are_few_and_within(low, times):
    ticks = decade_ticks(math.log(low), math.log(low * times))
    assert 1 <= len(ticks) <= 6
    assert all(low <= tick <= low * times for tick in ticks)
