import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontInfo, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from writer.places import resources
from writer.settings import Theme
from writer.ui.fonts import heading_font, page_font, ui_font
from writer.ui.palette import load_palette
from writer.ui.theme import ThemeWatcher, apply_theme, qt_palette, style_sheet


@pytest.fixture
def themed_app(qapp: QApplication):
    """The application, given back as it was: other tests share it."""
    font, palette, style = qapp.font(), qapp.palette(), qapp.style().name()
    yield qapp
    qapp.setStyleSheet("")
    qapp.setStyle(style)
    qapp.setPalette(palette)
    qapp.setFont(font)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_a_theme_reaches_the_application(themed_app, name):
    palette = load_palette(resources() / "themes", name)
    apply_theme(themed_app, palette)
    shown = themed_app.palette()
    assert shown.color(QPalette.ColorRole.Base).name().upper() == palette.paper
    assert shown.color(QPalette.ColorRole.Accent).name().upper() == palette.accent
    assert shown.color(QPalette.ColorRole.PlaceholderText).name().upper() == palette.faint


def test_a_selection_keeps_its_colour_while_another_window_is_active(qapp):
    palette = qt_palette(load_palette(resources() / "themes", "light"))
    active, inactive = (
        palette.color(group, QPalette.ColorRole.Highlight)
        for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive)
    )
    assert active == inactive


def test_the_style_sheet_is_filled_in_and_names_only_classes(qapp):
    sheet = style_sheet(load_palette(resources() / "themes", "dark"))
    rules = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    assert "$" not in rules
    selectors = {
        part.strip() for names in re.findall(r"([^{}]+)\{", rules) for part in names.split(",")
    }
    assert not {s for s in selectors if s.startswith("*") or re.match(r"QWidget\b", s)}


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("kind", [QPushButton, QRadioButton, QCheckBox])
def test_the_focus_is_a_ring_and_no_box_round_the_words(themed_app, qtbot, name, kind):
    palette = load_palette(resources() / "themes", name)
    apply_theme(themed_app, palette)
    window = QWidget()
    column = QVBoxLayout(window)
    button, other = kind("Close"), QPushButton("Other")
    for each in (button, other):
        column.addWidget(each)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(window.isActiveWindow)
    inside = button.rect().adjusted(4, 4, -4, -4)
    other.setFocus()
    before = button.grab().toImage()
    qtbot.keyClick(other, Qt.Key.Key_Tab)
    assert button.hasFocus()
    after = button.grab().toImage()
    assert after.copy(inside) == before.copy(inside)
    for x in (0, button.width() - 1):
        assert after.pixelColor(x, button.height() // 2).name().upper() == palette.focus


def test_the_pictures_of_the_style_sheet_exist(qapp):
    sheet = style_sheet(load_palette(resources() / "themes", "light"))
    pictures = re.findall(r'url\("([^"]+)"\)', sheet)
    assert pictures
    for picture in pictures:
        assert (resources() / "icons" / picture.rpartition("/")[2]).is_file()


def test_the_watcher_follows_the_system(qapp, qtbot):
    watcher = ThemeWatcher(qapp)
    assert not watcher.palette.is_dark
    with qtbot.waitSignal(watcher.palette_changed) as changed:
        qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert changed.args[0].name == "dark"
    assert watcher.palette.is_dark


def test_the_writer_s_choice_outweighs_the_system(qapp, qtbot):
    watcher = ThemeWatcher(qapp, Theme.DARK)
    with qtbot.assertNotEmitted(watcher.palette_changed):
        qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
        qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert watcher.palette.is_dark
    with qtbot.waitSignal(watcher.palette_changed):
        watcher.choose(Theme.SYSTEM)
    assert not watcher.palette.is_dark


def test_fonts_have_the_size_asked_for_and_exist(qapp):
    font = page_font(18)
    assert font.pixelSize() == 18
    assert font.families()[0] == QFontInfo(font).family() or font.families() == ["Serif"]
    assert ui_font().pixelSize() >= 13
    assert heading_font().pixelSize() < ui_font().pixelSize()
