"""Open texts: those in the keeper's hands, one of them on the page, the others put aside."""

import secrets
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from writer.manuscript.keeping.told import TextAbout
from writer.manuscript.text_file import TextFile
from writer.ui.held_text import HeldText

_MOST_TEXTS = 400
_MOST_CHARACTERS = 6_000_000


@dataclass(slots=True)
class OpenText:
    """One text in the keeper's hands, on the page or put aside."""

    key: str
    about: TextAbout
    file: TextFile | None
    title: str = ""
    """What the window calls it."""
    is_read_only: bool = False
    base: int = 0
    """The revision at which the keeper was handed all of it."""
    revision: int = 0
    """The newest that the keeper knows of."""
    held: HeldText | None = None
    """While it is put aside."""

    @property
    def left_at(self) -> int | None:
        """Where the caret was left, in code points; None while it is not put aside."""
        if self.held is None:
            return None
        position = self.held.caret.position()
        return len(self.held.text.before(position, position))

    @property
    def unsaved(self) -> str | None:
        """What it says, put aside, where its file does not say that."""
        if self.held is None or not self.held.text.document.isModified():
            return None
        return self.held.text.read()

    @property
    def is_scene(self) -> bool:
        """Whether it belongs to a book."""
        return self.about.book is not None


def untitled() -> OpenText:
    """Return a new text that has no file."""
    return OpenText(f"untitled {secrets.token_hex(8)}", TextAbout(name=""), None)


def named(file: TextFile) -> OpenText:
    """Return the text of a single file."""
    about = TextAbout(name=str(file.path))
    return OpenText(str(file.path), about, file, title=file.path.name)


class Aside:
    """Texts put aside with their undo history, the one left longest ago first."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, OpenText] = OrderedDict()

    def __iter__(self) -> Iterator[OpenText]:
        yield from self._texts.values()

    def find(self, key: str) -> OpenText | None:
        """Return the text of `key`, if it is here."""
        return self._texts.get(key)

    def take(self, key: str) -> OpenText | None:
        """Return the text of `key`, which is no longer here, or None."""
        return self._texts.pop(key, None)

    def put(self, text: OpenText) -> list[OpenText]:
        """Put a text here; return those for which there is no room any more."""
        self._texts[text.key] = text
        characters = sum(map(_characters, self))
        gone = []
        while len(self._texts) > 1 and (
            len(self._texts) > _MOST_TEXTS or characters > _MOST_CHARACTERS
        ):
            gone.append(self._texts.popitem(last=False)[1])
            characters -= _characters(gone[-1])
        return gone

    def clear(self) -> list[OpenText]:
        """Return all texts, none of which is here any more."""
        texts = list(self)
        self._texts.clear()
        return texts


def _characters(text: OpenText) -> int:
    return text.held.text.document.characterCount() if text.held is not None else 0
