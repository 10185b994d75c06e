"""Theme: a palette put onto the whole application, and the choice between light and dark.

Widgets that paint for themselves read the colours from their QPalette, so that a change of theme
reaches them as any repaint does: ink is WindowText, secondary words PlaceholderText, the accent
Accent, hairlines Mid, the colour under the pointer AlternateBase, the focus ring Dark.
"""

from string import Template

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from writer.places import resources
from writer.settings import Theme
from writer.ui.fonts import page_font, small_px, ui_font
from writer.ui.palette import Palette, load_palette

__all__ = ["Palette", "ThemeWatcher", "apply_theme", "page_font", "system_is_dark", "ui_font"]

_ROLES = {
    QPalette.ColorRole.Window: "panel",
    QPalette.ColorRole.WindowText: "ink",
    QPalette.ColorRole.Base: "paper",
    QPalette.ColorRole.AlternateBase: "hover",
    QPalette.ColorRole.Text: "ink",
    QPalette.ColorRole.PlaceholderText: "faint",
    QPalette.ColorRole.Button: "panel",
    QPalette.ColorRole.ButtonText: "ink",
    QPalette.ColorRole.BrightText: "error",
    QPalette.ColorRole.Light: "paper",
    QPalette.ColorRole.Midlight: "hover",
    QPalette.ColorRole.Mid: "line",
    QPalette.ColorRole.Dark: "focus",
    QPalette.ColorRole.Shadow: "focus",
    QPalette.ColorRole.Highlight: "accent",
    QPalette.ColorRole.HighlightedText: "on_accent",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.Link: "ink",
    QPalette.ColorRole.LinkVisited: "faint",
    QPalette.ColorRole.ToolTipBase: "ink",
    QPalette.ColorRole.ToolTipText: "paper",
}


def qt_palette(palette: Palette) -> QPalette:
    """Return `palette` in Qt's roles; a window in the background keeps its colours."""
    result = QPalette()
    for role, name in _ROLES.items():
        result.setColor(role, QColor(getattr(palette, name)))
    disabled = QPalette.ColorGroup.Disabled
    for role in (
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.Text,
        QPalette.ColorRole.ButtonText,
    ):
        result.setColor(disabled, role, QColor(palette.faint))
    return result


def style_sheet(palette: Palette) -> str:
    """Return the application's style sheet in the colours of `palette`."""
    template = Template((resources() / "themes" / "writer.qss").read_text(encoding="utf-8"))
    names = {name: getattr(palette, name) for name in Palette.__dataclass_fields__}
    icons = (resources() / "icons").as_posix()
    return template.substitute(names, icons=icons, small_px=small_px())


def apply_theme(app: QApplication, palette: Palette) -> None:
    """Give every window of `app` the colours of `palette`, present and future ones."""
    if not app.styleSheet():  # the first time; setting a style anew polishes everything once more
        app.setStyle("Fusion")
    app.setFont(ui_font())
    app.setPalette(qt_palette(palette))
    app.setStyleSheet(style_sheet(palette))


def system_is_dark(app: QApplication) -> bool:
    """Return whether the system asks for dark windows."""
    return app.styleHints().colorScheme() == Qt.ColorScheme.Dark


class ThemeWatcher(QObject):
    """Decides between light and dark: as the writer chose, or else as the system is."""

    palette_changed = Signal(object)
    """The new `Palette`."""

    def __init__(
        self, app: QApplication, theme: Theme = Theme.SYSTEM, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._system_dark = system_is_dark(app)
        self._palettes = {
            dark: load_palette(resources() / "themes", "dark" if dark else "light")
            for dark in (False, True)
        }
        self._shown = self.palette
        app.styleHints().colorSchemeChanged.connect(self._on_system_changed)

    @property
    def palette(self) -> Palette:
        """The palette to show now."""
        dark = self._system_dark if self._theme == Theme.SYSTEM else self._theme == Theme.DARK
        return self._palettes[dark]

    def choose(self, theme: Theme) -> None:
        """Follow the writer's choice from now on."""
        self._theme = theme
        self._announce()

    def _on_system_changed(self, scheme: Qt.ColorScheme) -> None:
        self._system_dark = scheme == Qt.ColorScheme.Dark
        self._announce()

    def _announce(self) -> None:
        if self.palette != self._shown:
            self._shown = self.palette
            self.palette_changed.emit(self._shown)
