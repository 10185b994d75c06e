"""The sentences of failures and notices, in the writer's language."""

from PySide6.QtCore import QCoreApplication

from writer.errors import WriterError
from writer.manuscript.notice import Notice


def words_of(said: WriterError | Notice) -> str:
    """Return the sentence: its kind's template, translated, with its fields in place."""
    context = "errors" if isinstance(said, WriterError) else "notices"
    return QCoreApplication.translate(context, said.kind.value).format(**said.fields)
