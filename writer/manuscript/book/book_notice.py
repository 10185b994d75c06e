"""What is told about a book that opened all the same."""

from enum import Enum


class BookNotice(Enum):
    """The sentences; `{fields}` are filled by the `Notice`."""

    NEWER = "“{path}” is from a newer Writer, so the book is opened for reading only."
    UNWRITABLE = "“{path}” is opened for reading only: {reason}."
    REPAIRED = "“{path}” was damaged; what could be repaired was. Places: {count}."
    FROM_COPY = (
        "“{path}” could not be used: {reason}. The outline was taken from the last good copy."
    )
    FROM_PIECES = (
        "“{path}” could not be used: {reason}. What could still be read of the outline was taken."
    )
    BY_NAME = (
        "“{path}” could not be used: {reason}. "
        "The scenes stand in the order of their files' names; no text was lost."
    )
    KEPT = "The damaged file is kept as “{path}”."
    FOUND = "Texts in “{path}” that the outline did not name were added at its end. Texts: {count}."
    MISSING = (
        "Scenes whose text is not in “{path}” are shown empty; the first is “{title}”. "
        "Scenes: {count}."
    )
    REFUSED = (
        "Scenes that name a file outside of the book, or another scene's, were given one of their "
        "own; that file was not opened. The first is “{title}”, with “{file}”. Scenes: {count}."
    )
    UNFIT = "“{path}” has a name that a book cannot hold; give it another. Such texts: {count}."
    LEFT_OPEN = (
        "This book was last opened by {owner}, and was not closed there. If it is still open "
        "there, close it first."
    )
