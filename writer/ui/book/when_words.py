"""When something was, in words, in the time of this machine."""

from datetime import date, datetime, timedelta

from PySide6.QtCore import QCoreApplication, QDate, QLocale, QTime


def day_words(when: datetime, today: date | None = None) -> str:
    """Return the day: “Today”, “Yesterday”, or its date."""
    day = when.astimezone().date()
    today = today or datetime.now().astimezone().date()
    if day == today:
        return _tr("Today")
    if day == today - timedelta(days=1):
        return _tr("Yesterday")
    pattern = "dddd d MMMM" if day.year == today.year else "d MMMM yyyy"
    return QLocale().toString(QDate(day.year, day.month, day.day), pattern)


def time_words(when: datetime) -> str:
    """Return the time of the day, to the minute."""
    local = when.astimezone()
    clock = QTime(local.hour, local.minute)
    return QLocale().toString(clock, QLocale.FormatType.ShortFormat)


def moment_words(when: datetime, today: date | None = None) -> str:
    """Return the day and the time."""
    return _tr("{day}, {time}").format(day=day_words(when, today), time=time_words(when))


def _tr(words: str) -> str:
    return QCoreApplication.translate("When", words)
