import pytest
from PySide6.QtGui import QColor, QImage, QPalette
from PySide6.QtSvg import QSvgRenderer

from writer.places import resources
from writer.ui.icons import IconButton, icon, pixmap

NAMES = sorted(path.stem for path in (resources() / "icons").glob("*.svg"))
TINTED = [
    name
    for name in NAMES
    if "currentColor" in (resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
]


def drawn_colours(image: QImage) -> set[str]:
    pixels = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return {colour.name() for colour in pixels if colour.alpha() == 255}


@pytest.mark.parametrize("name", NAMES)
def test_every_drawing_is_readable(qapp, name):
    assert QSvgRenderer(str(resources() / "icons" / f"{name}.svg")).isValid()


@pytest.mark.parametrize("name", TINTED)
def test_an_icon_is_drawn_in_the_colour_asked_for(qapp, name):
    assert drawn_colours(pixmap(name, "#3366cc", scale=3).toImage()) == {"#3366cc"}


def test_an_icon_is_sharp_at_every_scaling(qapp):
    for scale in (1, 2, 3):
        drawn = icon("lock", "#000000").pixmap(icon("lock", "#000000").availableSizes()[0], scale)
        assert drawn.width() == 20 * scale


def test_a_button_follows_the_theme(qtbot):
    button = IconButton("close", "Close")
    qtbot.addWidget(button)
    palette = QPalette(button.palette())
    palette.setColor(QPalette.ColorRole.WindowText, QColor("#12ab34"))
    button.setPalette(palette)
    assert drawn_colours(button.icon().pixmap(60, 60).toImage()) == {"#12ab34"}
    assert button.accessibleName() == button.toolTip() == "Close"
