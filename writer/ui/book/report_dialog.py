"""ReportDialog: how many words of each text the machine wrote, in a quiet table."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractTableModel,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from writer.manuscript.provenance.report import Headings, Report, TextReport
from writer.ui.book.book_dialog import MARGIN_PX, button
from writer.ui.book.floating_bar import FloatingBar
from writer.ui.fonts import page_font
from writer.ui.training_setup import heading, small_label

_TITLE_PX = 24
_ROW_PX = 32
_SIZE = (880, 600)
_MODELS_SHOWN = 4
_Index = QModelIndex | QPersistentModelIndex


class ReportModel(QAbstractTableModel):
    """A line for all texts, then one for each."""

    def __init__(self, report: Report, headings: Headings, parent: QWidget) -> None:
        super().__init__(parent)
        self._headings = headings
        # Of a single text, the sum says nothing more.
        single = len(report.texts) == 1
        self._rows: Sequence[TextReport] = report.texts if single else (report.total, *report.texts)
        self._has_total = not single
        self._locale = QLocale()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - as Qt has it
        """Return the lines."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - as Qt has it
        """Return the name's and the numbers' columns."""
        return 0 if parent.isValid() else 6

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a cell's words, its place, and the total's letters."""
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            number = _cells(row)[index.column()]
            return number if isinstance(number, str) else self._locale.toString(number)
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == 0:
            return row.name
        if role == Qt.ItemDataRole.FontRole and self._has_total and index.row() == 0:
            font = QFont()
            font.setWeight(QFont.Weight.DemiBold)
            return font
        return _alignment(index.column()) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return what the columns are called."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            names = self._headings
            return (names.text, names.words, names.by_hand, *names.of_words())[section]
        return _alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None


class ReportDialog(QDialog):
    """Shows one report; Esc closes it."""

    export_asked = Signal(str)
    """The ending of the file that is wanted: csv, md or json."""

    def __init__(self, report: Report, headings: Headings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = self.tr("What the machine wrote")
        self.setWindowTitle(title)
        self.title = QLabel(title)
        self.title.setFont(page_font(_TITLE_PX))
        self.under = QLabel(self._sentence(report))
        self.under.setProperty("part", "faint")
        self.under.setWordWrap(True)
        self.table = QTableView()
        self._prepare_table(ReportModel(report, headings, self))
        self.models = [small_label(words) for words in self._models(report)]
        self.export_button = button(self.tr("Export…"))
        self.close_button = button(self.tr("Close"))
        self.close_button.setDefault(True)
        self.close_button.clicked.connect(self.accept)
        menu = QMenu(self.export_button)
        for ending, words in (
            ("csv", self.tr("A table for a spreadsheet (CSV)")),
            ("md", self.tr("Tables in Markdown")),
            ("json", self.tr("For other programs (JSON)")),
        ):
            action = menu.addAction(words)
            action.setData(ending)
        menu.triggered.connect(self._on_export)
        self.export_button.setMenu(menu)
        self._lay_out()
        self.resize(*_SIZE)

    def _on_export(self, action: object) -> None:
        ending = getattr(action, "data", str)()
        self.export_asked.emit(str(ending))

    def _sentence(self, report: Report) -> str:
        words, total = report.total.suggested, report.total
        if not words.taken:
            return self.tr("Every word is your own: nothing was taken from a continuation.")
        share = round(100 * words.standing / total.words) if total.words else 0
        said = self.tr(
            "{n} words in all, of which {m}, or {share} %, stand as the machine wrote them."
        )
        return said.format(n=f"{total.words:,}", m=f"{words.standing:,}", share=share)

    def _models(self, report: Report) -> list[str]:
        said = self.tr("{model}: {taken} taken, {standing} of them as taken, {gone} changed since")
        found = [
            said.format(
                model=model or self.tr("An unknown model"),
                taken=f"{words.taken:,}",
                standing=f"{words.standing:,}",
                gone=f"{words.gone:,}",
            )
            for model, words in report.total.models.items()
        ]
        more = len(found) - _MODELS_SHOWN
        if more > 0:
            found[_MODELS_SHOWN:] = [self.tr("and {n} more models").format(n=more)]
        return found

    def _prepare_table(self, model: ReportModel) -> None:
        table = self.table
        table.setModel(model)
        table.setProperty("part", "quiet")
        table.setShowGrid(False)
        table.setFrameShape(QTableView.Shape.NoFrame)
        table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        table.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        table.setWordWrap(False)
        table.setCornerButtonEnabled(False)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, model.columnCount()):
            words = str(model.headerData(column, Qt.Orientation.Horizontal))
            table.setColumnWidth(column, header.fontMetrics().horizontalAdvance(words) + _ROW_PX)
        self._bar = FloatingBar(table)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN_PX, MARGIN_PX, MARGIN_PX, 16)
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addWidget(self.under)
        column.addSpacing(8)
        column.addWidget(self.table, stretch=1)
        if self.models:
            column.addSpacing(8)
            column.addWidget(heading(self.tr("By model")))
        for label in self.models:
            label.setWordWrap(True)
            column.addWidget(label)
        steps = QHBoxLayout()
        steps.setContentsMargins(0, 16, 0, 0)
        steps.setSpacing(8)
        steps.addWidget(self.export_button)
        steps.addStretch()
        steps.addWidget(self.close_button)
        column.addLayout(steps)


def _cells(row: TextReport) -> tuple[str, int, int, int, int, int]:
    words = row.suggested
    return row.name, row.words, row.by_hand, words.taken, words.standing, words.gone


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
