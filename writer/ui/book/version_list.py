"""VersionList: the versions of a text, newest first, beneath the days they were written on."""

from collections.abc import Mapping, Sequence
from datetime import date

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QKeySequence, QPainter, QPalette, QShortcut
from PySide6.QtWidgets import QListWidget, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from writer.ui.book.versions import Taken
from writer.ui.book.when_words import day_words, time_words
from writer.ui.fonts import heading_font
from writer.ui.model_list import ROW_MARGIN_PX, ModelList, Row

_DAY = "day/"
"""Before the key of a heading: no snapshot's id has a slash."""
_IS_HEADING = Qt.ItemDataRole.UserRole + 1
_ABOVE_DAY_PX = 16


class VersionList(ModelList):
    """One version is chosen; the days between cannot be."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Versions"))
        self.setItemDelegate(_DayPainter(self.itemDelegate(), self))
        self.name_key = QShortcut(QKeySequence(Qt.Key.Key_F2), self)
        self.name_key.setContext(Qt.ShortcutContext.WidgetShortcut)

    def show_versions(
        self, versions: Sequence[Taken], names: Mapping[str, str], facts: Mapping[str, str]
    ) -> None:
        """Show these; what was chosen stays chosen, and without that the newest is.

        Args:
            versions: Newest first.
            names: What a version is called, by its id.
            facts: What is known of one besides its time.
        """
        chosen = self.chosen_key()
        rows: list[Row] = []
        days: list[date] = []
        for version in versions:
            day = version.when.astimezone().date()
            if day not in days:
                days.append(day)
                rows.append(Row(f"{_DAY}{day}", day_words(version.when), ""))
            rows.append(_row(version, names.get(version.id, ""), facts.get(version.id, "")))
        self.show_rows(rows)
        for place, row in enumerate(rows):
            is_heading = row.key.startswith(_DAY)
            flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
            self.item(place).setFlags(Qt.ItemFlag.NoItemFlags if is_heading else flags)
            self.item(place).setData(_IS_HEADING, is_heading)
        if not self.chosen_key() and versions:
            self.choose(versions[0].id)
        elif self.chosen_key() != chosen:
            self.currentRowChanged.emit(self.currentRow())
        self.scheduleDelayedItemsLayout()

    def moveCursor(
        self, action: QListWidget.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Go to a version where Qt would go to a day, as with Home."""
        index = super().moveCursor(action, modifiers)
        return index.siblingAtRow(index.row() + 1) if index.data(_IS_HEADING) else index

    def scrollTo(
        self,
        index: QModelIndex | QPersistentModelIndex,
        hint: QListWidget.ScrollHint = QListWidget.ScrollHint.EnsureVisible,
    ) -> None:
        """Bring a version into sight, the first of a day with its day."""
        above = self.model().index(index.row() - 1, 0)
        if above.data(_IS_HEADING):
            super().scrollTo(above, hint)
        super().scrollTo(index, hint)


class _DayPainter(QStyledItemDelegate):
    """Paints the days itself and leaves the versions to the painter of all such lists."""

    def __init__(self, rows: object, parent: QWidget) -> None:
        super().__init__(parent)
        assert isinstance(rows, QStyledItemDelegate)
        self._rows = rows

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Ask for a line, with air above it but for the first."""
        if not index.data(_IS_HEADING):
            return self._rows.sizeHint(option, index)
        above = _ABOVE_DAY_PX if index.row() else 0
        return QSize(0, above + round(QFontMetricsF(heading_font()).height()) + ROW_MARGIN_PX)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint a day in small capitals."""
        if not index.data(_IS_HEADING):
            self._rows.paint(painter, option, index)
            return
        rect = option.rect.adjusted(ROW_MARGIN_PX, 0, -ROW_MARGIN_PX, -ROW_MARGIN_PX // 2)
        group, role = QPalette.ColorGroup.Active, QPalette.ColorRole.PlaceholderText
        painter.save()
        painter.setFont(heading_font())
        painter.setPen(option.palette.color(group, role))
        painter.drawText(
            rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, index.data()
        )
        painter.restore()


def _row(version: Taken, name: str, facts: str) -> Row:
    clock = time_words(version.when)
    if name:
        return Row(version.id, name, " · ".join(filter(None, (clock, facts))))
    return Row(version.id, clock, facts)
