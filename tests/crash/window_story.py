"""What windows have said of a book and its texts, and whether what is found later agrees with it.

Knows no process and no file: `Story` is told what was said and when, and given what is there now.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from writer.manuscript.book.book_file import parse
from writer.manuscript.book.outline import Item

MOST_MISSING_MS = 1000
_WORD = re.compile(r"[^\W_]{9}")
"""Those that are in one place only, for they are drawn by lot."""


@dataclass(slots=True)
class Version:
    """A state of a text, or of an outline, since `at`; None since ever."""

    state: object
    at: float | None


@dataclass(slots=True)
class Text:
    """The versions of one text, oldest first, and how far it is told to be safe."""

    versions: list[Version] = field(default_factory=list)
    revisions: dict[int, int] = field(default_factory=dict)
    """The version that is each revision."""
    journaled: int = 0
    saved: int = 0
    place: str = ""
    """The file of a single text."""


@dataclass(slots=True)
class View:
    """What there is after a crash once everything has been put back."""

    items: list[list]
    texts: dict[str, str]
    """Of all scenes, archived ones too, and of single files by their paths."""
    missing: list[str]
    """Scenes without a file."""
    untitled: list[str]
    """Texts that have no file, on the page or waiting to be offered."""


class Story:
    """All that was said since it was last known what there is."""

    def __init__(self) -> None:
        self.texts: dict[str, Text] = {}
        self.outlines: list[Version] = []
        self.wrong: list[str] = []
        self.did: Counter[str] = Counter()
        self.edits = self.saves = 0
        self.killed_at: float | None = None
        self._events: list[tuple[float, str, str | None]] = []
        self._ever: set[str] = set()

    def settle(self, view: View) -> None:
        """Go on from here: this is what there is."""
        places = {text.place for text in self.texts.values() if text.place}
        self.texts = {name: Text([Version(said, None)]) for name, said in view.texts.items()}
        for name, text in self.texts.items():
            text.place = name if name in places else ""
        for number, said in enumerate(view.untitled):
            self.texts[f"untitled, left {number}"] = Text([Version(said, None)])
        self.outlines = [Version(view.items, None)]
        self.killed_at, self._events, self._ever = None, [], set(view.texts)

    # What a window says

    def read(self, line: list) -> None:
        """Take in a line that a session said once it had begun."""
        match line:
            case ["said", name, at, place, added]:
                self._say(name, at, place, added)
            case ["gone", name]:
                self.texts.pop(name, None)
                self._events.append((self._events[-1][0] if self._events else 0.0, name, None))
            case ["moved", name, path]:
                self.texts[name].place = path
            case ["revision", name, revision]:
                text = self.texts[name]
                text.revisions[revision] = len(text.versions) - 1
            case ["journaled" | "saved" as how, name, revision] if name in self.texts:
                text = self.texts[name]
                safe = max(getattr(text, how), text.revisions.get(revision, 0))
                setattr(text, how, safe)
                self.saves += how == "saved"
            case ["outline", at, said]:
                self.outlines.append(Version(plain_items(said), at))
            case ["did", kind]:
                self.did[kind] += 1
            case ["wrong", what]:
                self.wrong.append(what)

    def _say(self, name: str, at: float, place: list[int] | None, added: str) -> None:
        if place is None:  # all of it, of a text that this session has not spoken of
            said = added
            for other, text in list(self.texts.items()):
                if text.place == name and other != name:  # one that was untitled once
                    del self.texts[other]
                    self._events.append((at, other, None))
        else:
            old = self.texts[name].versions[-1].state
            assert isinstance(old, str)
            said = old[: place[0]] + added + old[place[1] :]
        text = self.texts.setdefault(name, Text(place=name if "/" in name else ""))
        if not text.versions or text.versions[-1].state != said:
            text.versions.append(Version(said, at))
            self.edits += 1
        self._events.append((at, name, said))
        self._ever.add(name)

    # What there is

    def check(self, view: View) -> tuple[list[str], float]:
        """Return what is wrong with what there is, and how many ms of work are missing at most."""
        wrong = [f"{name} has no file" for name in view.missing]
        killed_at = self.killed_at
        ages = [0.0, self._check_outline(view, wrong)]
        untitled = list(view.untitled)
        for name, text in self.texts.items():
            if (found := self._found(name, text, view, untitled)) is None:
                if len(text.versions) > 1 or text.versions[0].at is None:
                    ages.append(self._age_of_missing(name, text, wrong))
                continue
            place = _place(text.versions, found)
            if place is None:
                wrong.append(f"{name} is no version that there was: {found[:300]!r}")
                continue
            if place < text.journaled:
                wrong.append(f"{name}: an edit that was told to be in the journal is missing")
            if place < text.saved:
                wrong.append(f"{name}: an edit that was told to be saved is missing")
            ages.append(_age(text.versions, place, killed_at))
        wrong += self._lost_words(view)
        missing_ms = max(ages) * 1000
        if missing_ms > MOST_MISSING_MS:
            wrong.append(f"{missing_ms:.0f} ms of work are missing")
        return wrong, missing_ms

    def _found(self, name: str, text: Text, view: View, untitled: list[str]) -> str | None:
        """Return what there is of a text; None if nothing is."""
        if name in view.texts:
            return view.texts[name]
        if text.place in view.texts:
            return view.texts[text.place]
        known = [said for said in untitled if _place(text.versions, said) is not None]
        if not known:
            return None
        best = max(known, key=lambda said: _place(text.versions, said) or 0)
        untitled.remove(best)
        return best

    def _age_of_missing(self, name: str, text: Text, wrong: list[str]) -> float:
        """Return how old a text is that is nowhere; blank ones need not be anywhere."""
        filled = [version for version in text.versions if str(version.state).strip()]
        if not filled or not str(text.versions[-1].state).strip():
            return 0.0
        if filled[0].at is None or text.journaled or text.saved:
            wrong.append(f"{name} is nowhere")
            return 0.0
        return (self.killed_at or filled[0].at) - filled[0].at

    def _check_outline(self, view: View, wrong: list[str]) -> float:
        for place in reversed(range(len(self.outlines))):
            items = self.outlines[place].state
            assert isinstance(items, list)
            ids = {item[0] for item in items}
            if [item for item in view.items if item[0] in ids] == items:
                found = [item for item in view.items if item[0] not in ids]
                wrong += [f"{item[0]} was found and is none" for item in found
                          if item[0] not in self._ever]  # fmt: skip
                return _age(self.outlines, place, self.killed_at)
        if self.outlines:
            wrong.append(f"the outline is no version that there was: {view.items}")
        return 0.0

    def _lost_words(self, view: View) -> list[str]:
        """Return the words that were there for the whole last second, and are nowhere now."""
        if self.killed_at is None:
            return []
        since = self.killed_at - MOST_MISSING_MS / 1000
        said = {name: str(text.versions[0].state) for name, text in self.texts.items()
                if text.versions[0].at is None}  # fmt: skip
        late = next((n for n, each in enumerate(self._events) if each[0] > since), None)
        late = len(self._events) if late is None else late
        for _, name, text in self._events[:late]:
            _put(said, name, text)
        lasting = _words(said.values())
        for _, name, text in self._events[late:]:
            before = _words([said.get(name, "")])
            _put(said, name, text)
            if gone := before - _words([text or ""]):
                lasting -= gone - _words(said.values())
        lost = lasting - _words([*view.texts.values(), *view.untitled])
        return [f"{len(lost)} words are lost, as {sorted(lost)[:5]}"] if lost else []


def plain_items(toml: str) -> list[list]:
    """Return the items of an outline's file as windows tell them."""
    return [plain(item) for item in parse(toml.encode()).outline]


def plain(item: Item) -> list:
    """Return an item as a value that can be told."""
    about = item.title, item.depth, item.status, item.synopsis, item.archived
    return [item.id, item.kind.value, *about]


def _put(said: dict[str, str], name: str, text: str | None) -> None:
    if text is None:
        said.pop(name, None)
    else:
        said[name] = text


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in _WORD.findall(text)}


def _place(versions: list[Version], state: object) -> int | None:
    """Return the newest version that something may be; None if there is none."""
    places = [at for at, version in enumerate(versions) if version.state == state]
    return places[-1] if places else None


def _age(versions: list[Version], place: int, killed_at: float | None) -> float:
    """Return how many seconds before the kill the first version came that is missing."""
    later = versions[place + 1 :]
    if not later or later[0].at is None or killed_at is None:
        return 0.0
    return killed_at - later[0].at
