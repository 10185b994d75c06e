"""MessageBar: what happened, and the one next step; dialogs are for decisions only."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from writer.ui.icons import IconButton, pixmap

Kind = Literal["notice", "error"]
_ICON_PX = 20


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence, and the step that may be taken from it."""

    text: str
    kind: Kind = "notice"
    action: str | None = None
    on_action: Callable[[], object] | None = None
    seconds: int | None = None
    """How long it stands; None until it is closed."""
    topic: str = ""
    """What it is about: of one topic only the newest message is true."""

    def same_as(self, other: "Message") -> bool:
        """Return whether this one takes the other's place: said again, or said anew of a topic."""
        if self.topic:
            return self.topic == other.topic
        return (self.text, self.kind, self.action) == (other.text, other.kind, other.action)


class MessageBar(QWidget):
    """One message at a time beneath the page, the others waiting behind it; none is lost.

    An error goes before all that wait, the newest first. It never takes the keyboard from the page.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queue: list[Message] = []
        """The one in sight first."""
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._icon = QLabel()
        self._icon.setFixedSize(QSize(_ICON_PX, _ICON_PX))
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._waiting = QLabel()
        self._waiting.setProperty("part", "small")
        self.action_button = QPushButton()
        self.action_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.action_button.clicked.connect(self._on_action)
        self.close_button = IconButton("close", self.tr("Close"))
        self.close_button.clicked.connect(self.dismiss)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(self._icon)
        row.addWidget(self._text, stretch=1)
        for widget in (self._waiting, self.action_button, self.close_button):
            row.addWidget(widget)
        self.hide()

    def show_message(
        self,
        text: str,
        kind: Kind = "notice",
        action: str | None = None,
        on_action: Callable[[], object] | None = None,
        seconds: int | None = None,
        topic: str = "",
    ) -> None:
        """Show `text` now or after those before it.

        Args:
            text: One sentence.
            kind: "error" goes before all others.
            action: The words of the one next step, or None.
            on_action: What the step does; the message goes with it.
            seconds: How long it stands once in sight; None until it is closed.
            topic: Of one topic only the newest message is kept.
        """
        message = Message(text, kind, action, on_action, seconds, topic)
        before = self.text()
        place = next((n for n, each in enumerate(self._queue) if each.same_as(message)), None)
        if place is not None and (kind == "notice" or self._queue[place].text == text):
            # Said already: a save that fails every few seconds is one message, with the newest
            # next step.
            self._queue[place] = message
        elif kind == "error":
            if place is not None:
                self._queue.pop(place)
            self._queue.insert(0, message)
        else:
            self._queue.append(message)
        self._show_first()
        if self.text() != before:
            self._announce()

    def dismiss(self) -> None:
        """Close the message in sight and show the next."""
        if self._queue:
            self._queue.pop(0)
            self._show_first()
            self._announce()

    def drop(self, topic: str) -> None:
        """Take away the message of a topic that is over, in sight or waiting."""
        self._queue = [message for message in self._queue if message.topic != topic]
        self._show_first()

    def drop_all(self, subject: str) -> None:
        """Take away the messages of all topics that begin with `subject`."""
        self._queue = [each for each in self._queue if not each.topic.startswith(subject)]
        self._show_first()

    def text(self) -> str:
        """Return the message in sight, empty if there is none."""
        return self._queue[0].text if self._queue else ""

    def waiting(self) -> int:
        """Return how many messages wait behind the one in sight."""
        return max(0, len(self._queue) - 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close with Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Draw the icon in the colours of a new theme."""
        if event.type() == QEvent.Type.PaletteChange and self._queue:
            self._draw_icon(self._queue[0].kind)
        super().changeEvent(event)

    def _show_first(self) -> None:
        self._timer.stop()
        if not self._queue:
            self.hide()
            return
        message = self._queue[0]
        self._draw_icon(message.kind)
        self._text.setText(message.text)
        self.setAccessibleName(message.text)
        self._waiting.setText(
            self.tr("{n} more").format(n=self.waiting()) if self.waiting() else ""
        )
        self.action_button.setText(message.action or "")
        self.action_button.setVisible(message.action is not None)
        if message.seconds is not None:
            self._timer.start(message.seconds * 1000)
        self.show()

    def _announce(self) -> None:
        """Say the message through the screen reader; the keyboard stays where it is."""
        if not self._queue:
            return
        event = QAccessibleAnnouncementEvent(self, self._queue[0].text)
        if self._queue[0].kind == "error":
            event.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
        QAccessible.updateAccessibility(event)

    def _draw_icon(self, kind: Kind) -> None:
        role = QPalette.ColorRole.BrightText if kind == "error" else QPalette.ColorRole.WindowText
        colour = self.palette().color(role).name()
        self._icon.setPixmap(pixmap(kind, colour, self.devicePixelRatioF()))

    def _on_action(self) -> None:
        on_action = self._queue[0].on_action
        # Closed first: the step may have something to say itself.
        self.dismiss()
        if on_action is not None:
            on_action()
