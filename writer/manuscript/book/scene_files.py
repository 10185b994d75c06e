"""The files of a book's scenes: their names, and which of them an outline may use.

No file outside of the book's folder is ever opened for it, and no file stands for two scenes.
"""

import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath, PureWindowsPath

from writer.errors import ErrorKind, WriterError
from writer.manuscript.book.book_file import id_in_name
from writer.manuscript.book.outline import Item, ItemKind, Outline, new_id

SCENES = "scenes"
HIDDEN = ".writer"
"""The folder of what the program keeps with a book."""
_LONGEST_SLUG = 40
_TEXTS = (".md", ".markdown", ".txt")
_UNFIT = re.compile(r'[\0-\x1f\x7f\\:*?"<>|]')
_UNSTORABLE = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DIGITS = re.compile(r"(\d+)")


def slug(title: str) -> str:
    """Return a title as part of a file name, of any system.

    >>> slug("Dusk, at the Harbour!"), slug("第一章　春夜"), slug("…")
    ('dusk-at-the-harbour', '第一章-春夜', 'scene')
    """
    text = unicodedata.normalize("NFC", title.lower())
    kept = "".join(
        each if each.isalnum() or unicodedata.category(each) in ("Mn", "Mc") else " "
        for each in text
    )
    return "-".join(kept.split())[:_LONGEST_SLUG].strip("-") or "scene"


def scene_file(id: str, title: str) -> str:
    """Return the name of a new scene's file, relative to the book's folder."""
    return f"{SCENES}/{slug(title)}-{id}.md"


def is_inside(folder: Path, path: Path) -> bool:
    """Tell whether `path`, its links followed, lies in `folder`."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


@dataclass(slots=True)
class Settled:
    """An outline whose scenes each have a file of their own, and what that took."""

    outline: Outline
    refused: list[Item] = field(default_factory=list)
    """Scenes whose file was not theirs to use, as they were."""
    missing: list[Item] = field(default_factory=list)
    """Scenes whose file is not there."""
    found: list[Item] = field(default_factory=list)
    """Texts that the outline did not name, added at its end."""
    unfit: list[str] = field(default_factory=list)
    """Texts that were left alone, for `book.toml` cannot hold their names."""


def settle(folder: Path, outline: Outline, earlier: Callable[[], Outline | None]) -> Settled:
    """Match the scenes of an outline with the files in a book's folder; nothing is written.

    `earlier` gives the outline of a copy, asked only if there are texts that `outline` lacks.

    Raises:
        WriterError: BOOK_DAMAGED; the folder of scenes is not the book's own, or unreadable.
    """
    names = list_texts(folder)
    unfit = [name for name in names if not _is_storable(name)]
    matching = _Matching(folder, set(names).difference(unfit))
    items = [matching.matched(item) for item in outline]
    unlisted = {name for name in matching.names if f"{SCENES}/{name}" not in matching.used}
    by_id = {id_in_name(name): name for name in sorted(unlisted)}
    missing = []
    for place, item in enumerate(items):
        if item.id in matching.missing and item.id in by_id:  # the file was given another name
            unlisted.remove(by_id[item.id])
            items[place] = replace(item, file=f"{SCENES}/{by_id.pop(item.id)}")
        elif item.id in matching.missing:
            missing.append(item)
    found: list[Item] = []
    if unlisted:
        taken = {item.id for item in items}
        found = list(_found(sorted(unlisted, key=_by_number), taken, earlier()))
    return Settled(Outline((*items, *found)), matching.refused, missing, found, unfit)


def list_texts(folder: Path) -> list[str]:
    """Return the names of the texts in a book's folder of scenes.

    Raises:
        WriterError: BOOK_DAMAGED.
    """
    scenes = folder / SCENES
    reason = "its folder of scenes cannot be read"
    try:
        if not is_inside(folder, scenes):
            reason = "its folder of scenes is a link that leads out of it"
        else:
            with os.scandir(scenes) as entries:
                return [entry.name for entry in entries if _is_text(entry)]
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        reason = "a file is where its folder of scenes should be"
    except OSError:
        pass
    raise WriterError(ErrorKind.BOOK_DAMAGED, path=folder, reason=reason)


def _is_text(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or not entry.name.lower().endswith(_TEXTS):
        return False
    # Of a link, the file that it leads to is listed, if that is one of the book's.
    return entry.is_file(follow_symlinks=False)


def _is_storable(name: str) -> bool:
    """Tell whether `book.toml` can hold a name: one on Linux may be no Unicode, or two lines."""
    return not _UNSTORABLE.search(name)


class _Matching:
    """Goes through an outline's scenes and gives each its file."""

    def __init__(self, folder: Path, names: set[str]) -> None:
        self._folder = folder
        self._root = Path(os.path.realpath(folder))
        self.names = names
        self._alike = {_folded(name): name for name in names}
        self.used: set[str] = set()
        """The files that are some scene's already, relative to the folder."""
        self.refused: list[Item] = []
        self.missing: set[str] = set()

    def matched(self, item: Item) -> Item:
        """Return an item with a file that it may use."""
        if item.kind is not ItemKind.SCENE:
            return item
        file = self._as_listed(item.file)
        if (key := self._key(file)) is not None and key not in self.used:
            self._use(key, file, item.id)
            return item if item.file == file else replace(item, file=file)
        if item.file:
            self.refused.append(item)
        file = self._as_listed(scene_file(item.id, item.title))
        if (key := self._key(file)) is None or key in self.used:  # what stands there is no text
            file = scene_file(new_id(()), item.title)
            key = file
        self._use(key, file, "" if item.file else item.id)
        other = {**item.other, "file_before": item.file} if item.file else item.other
        return replace(item, file=file, other=other)

    def _use(self, key: str, file: str, id: str) -> None:
        self.used.add(key)
        if id and not self._is_listed(file) and not os.path.exists(self._folder / file):
            self.missing.add(id)

    def _is_listed(self, file: str) -> bool:
        head, _, name = file.partition("/")
        return head == SCENES and name in self.names

    def _as_listed(self, file: str) -> str:
        """Return a name as the disk spells it, which may have lost case or accents' form."""
        head, _, name = file.partition("/")
        if _folded(head) != SCENES or self._is_listed(file):
            return file
        if head != SCENES and not _is_same(self._folder / head, self._folder / SCENES):
            return file
        return f"{SCENES}/{self._alike.get(_folded(name), name)}"

    def _key(self, file: str) -> str | None:
        """Return what tells a file from all others, there or not; None if it is not the book's."""
        if self._is_listed(file):
            return file
        if not _may_be_named(file):
            return None
        real = Path(os.path.realpath(self._folder / file))
        if not real.is_relative_to(self._root) or (
            os.path.exists(real) and not os.path.isfile(real)
        ):
            return None
        key = real.relative_to(self._root).as_posix()
        if self._is_listed(key):
            return key
        return _folded(key) if _may_be_named(key) else None


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _may_be_named(file: str) -> bool:
    """Tell whether a name, by its letters, is one of a text in a book's folder on any system."""
    path = PurePosixPath(file)
    parts = file.split("/")
    return (
        bool(file)
        and not path.is_absolute()
        and not _UNFIT.search(file)
        and all(part and not part.startswith(".") and part[-1] not in " ." for part in parts)
        and all(len(part.encode("utf-8", "replace")) < 256 for part in parts)
        and path.suffix.lower() in _TEXTS
        and not PureWindowsPath(file).is_reserved()
    )


def _found(names: list[str], taken: set[str], earlier: Outline | None) -> Iterator[Item]:
    """Yield an item at the top for each file, as an earlier outline knew it."""
    known = {_folded(item.file): item for item in earlier or () if item.file}
    for name in names:
        file = f"{SCENES}/{name}"
        item = known.get(_folded(file))
        id = item.id if item else id_in_name(name)
        if id is None or id in taken:
            id = new_id(taken)
        taken.add(id)
        if item:
            yield replace(item, id=id, depth=0, file=file)
        else:
            title = name.rpartition(".")[0].removesuffix(f"-{id_in_name(name)}")
            yield Item(id, ItemKind.SCENE, title.replace("-", " "), file=file)


def _by_number(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts “Chapter 2” before “Chapter 10”."""
    parts = _DIGITS.split(name.lower())
    return [(int(part), part) if part.isdecimal() else (-1, part) for part in parts if part]


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
