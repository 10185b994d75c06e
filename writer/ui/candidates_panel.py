"""CandidatesPanel: the continuations of one request side by side, or why there are none."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from writer.settings import Mode
from writer.ui.candidate_card import CandidateCard
from writer.ui.fonts import page_font
from writer.ui.pane_area import PaneArea
from writer.ui.panel_heading import PanelHeading

_WIDTH_PX = 320
_MARGIN_PX = 16
_TEXT_PX = 15


class CandidatesPanel(QWidget):
    """Cards, numbered, that grow as they are sampled; or one quiet sentence."""

    chosen = Signal(int)
    """The index of the continuation to take."""
    hovered = Signal(int)
    """The index of the continuation to preview, -1 when the pointer has gone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._font = page_font(_TEXT_PX)
        self._cards: list[CandidateCard] = []
        self._current = -1
        self._heading = PanelHeading(self.tr("Continuations"))
        self._sentence = QLabel()
        self._sentence.setProperty("part", "faint")
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setWordWrap(True)
        self._sentence.setContentsMargins(_MARGIN_PX, 0, _MARGIN_PX, _MARGIN_PX)

        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 8)
        self._column.setSpacing(0)
        self._column.addWidget(self._sentence)
        self._column.addStretch()
        self._area = PaneArea(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._heading)
        whole.addWidget(self._area)
        self.show_empty(Mode.AFTER_PAUSE)

    def show_candidates(self, texts: Sequence[str], current: int, done: bool) -> None:
        """Show `texts`, the one at `current` marked; those already shown change in place.

        Args:
            texts: The continuations so far; they may be empty while they are being sampled.
            current: The index of the chosen one, -1 for none.
            done: Whether `texts` are complete; an empty one is then left out of sight.
        """
        if not any(text.strip() for text in texts):
            self._say(self.tr("Nothing came to mind here.") if done else self._thinking())
            return
        self._sentence.hide()
        while len(self._cards) < len(texts):
            self._add_card()
        for index, card in enumerate(self._cards):
            shown = index < len(texts) and not (done and not texts[index].strip())
            if shown:
                card.show_text(texts[index])
                card.show_current(index == current)
            card.setVisible(shown)
        place = f"{current + 1}/{len(texts)}" if 0 <= current < len(texts) else f"{len(texts)}"
        self._heading.show_beside(place)
        if current != self._current and 0 <= current < len(texts):
            self._area.ensureWidgetVisible(self._cards[current], 0, 0)
        self._current = current

    def show_empty(self, mode: str) -> None:
        """Say how to ask for continuations in `mode`, a `writer.settings.Mode`."""
        sentences = {
            Mode.AFTER_PAUSE.value: self.tr("Rest a moment, or press Ctrl+Space."),
            Mode.ON_DEMAND.value: self.tr("Press Ctrl+Space for continuations."),
            Mode.OFF.value: self.tr("Suggestions are off."),
        }
        self._say(sentences[Mode(mode).value])

    def show_thinking(self, share_read: float | None = None) -> None:
        """Say that continuations are on their way, and how much of the text has been read."""
        if share_read is None or share_read >= 1:
            self._say(self._thinking())
            return
        words = self.tr("Reading your text… {percent} %")
        self._say(words.format(percent=int(100 * share_read)))

    def show_message(self, text: str) -> None:
        """Say `text`, one sentence, in place of the continuations."""
        self._say(text)

    def set_text_font(self, font: QFont) -> None:
        """Write the continuations in `font`."""
        self._font = font
        for card in self._cards:
            card.set_text_font(font)

    def cards(self) -> list[CandidateCard]:
        """Return the cards in sight."""
        return [card for card in self._cards if not card.isHidden()]

    def sentence(self) -> str:
        """Return the sentence in sight, empty while cards are."""
        return "" if self._sentence.isHidden() else self._sentence.text()

    def place(self) -> str:
        """Return what stands beside the heading, as "2/5"."""
        return self._heading.beside()

    def sizeHint(self) -> QSize:
        """Ask for the width of a sidebar and room for three continuations."""
        return QSize(_WIDTH_PX, 320)

    def _thinking(self) -> str:
        return self.tr("Thinking…")

    def _say(self, text: str) -> None:
        for card in self._cards:
            card.hide()
        self._current = -1
        self._heading.show_beside("")
        self._sentence.setText(text)
        self._sentence.show()

    def _add_card(self) -> None:
        card = CandidateCard(len(self._cards), self._font)
        card.taken.connect(self.chosen)
        card.entered.connect(self.hovered)
        card.left.connect(self._on_left)
        # Before the stretch, so that the cards keep to the top.
        self._column.insertWidget(self._column.count() - 1, card)
        self._cards.append(card)

    def _on_left(self, _index: int) -> None:
        self.hovered.emit(-1)
