"""The folder of one training: the texts it reads, its plan, and whether it may go on. No Qt.

What a training needs on its way stands in `work/` beneath the model folder that it will become:
the command `writer train` keeps its checkpoint and its log there, the window its plan and the
texts, so that an untitled text counts, and a training that was stopped goes on with what it began
with.
"""

import contextlib
import json
import re
import shutil
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

from writer import places
from writer.errors import ErrorKind, WriterError
from writer.manuscript.lock import FileLock

_PLAN, _LOCK = "plan.json", "lock"
_LONGEST_SLUG = 40


@dataclass(frozen=True, slots=True)
class Plan:
    """What a training was begun with; it goes on with the same."""

    title: str
    """The name of the text that was open, as the writer knows it."""
    source: str
    """Where that text is stored; empty of an untitled one."""
    model: str
    """The folder of the model that it begins with."""
    minutes: float
    words: int
    """In all texts together."""
    texts: int = 0
    """How many there are."""


class TrainingFolder:
    """A model folder to be, and the training that leads to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._work = path / "work"

    @property
    def log(self) -> Path:
        """Where the training tells how it goes."""
        return self._work / "log.jsonl"

    @property
    def is_stopped(self) -> bool:
        """Whether a training was stopped here that can go on."""
        return self._checkpoint.exists() and self.plan() is not None

    @property
    def has_model(self) -> bool:
        """Whether an earlier training has come to its end here."""
        return (self.path / "config.json").exists()

    def plan(self) -> Plan | None:
        """Return what the training was begun with, None where the window began none."""
        try:
            found = json.loads((self._work / _PLAN).read_text(encoding="utf-8"))
            return Plan(**found)
        except (OSError, ValueError, TypeError):
            return None

    def texts(self) -> list[Path]:
        """Return the files that the training reads, in order."""
        plan = self.plan()
        return [self._text(number) for number in range(plan.texts)] if plan else []

    def begin(self, plan: Plan, texts: Sequence[str]) -> None:
        """Forget whatever training was here, and keep what a new one reads.

        Raises:
            WriterError: TRAINING_RUNNING, or OUTPUT_UNWRITABLE.
        """
        lock = FileLock(self._work / _LOCK)
        try:
            self._work.mkdir(parents=True, exist_ok=True)
            if not lock.acquire():  # by the training of another window
                raise WriterError(ErrorKind.TRAINING_RUNNING, path=self.path)
            self._clear()
            for number, text in enumerate(texts):
                # Half a surrogate pair, pasted, is no reason to refuse a novel.
                self._text(number).write_bytes(text.encode("utf-8", "replace"))
            kept = json.dumps({**asdict(plan), "texts": len(texts)})
            (self._work / _PLAN).write_text(kept, encoding="utf-8")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise WriterError(ErrorKind.OUTPUT_UNWRITABLE, path=self.path, reason=reason) from error
        finally:
            lock.release()

    def tidy(self) -> None:
        """Let go of what only a training that goes on would need: several times the model."""
        with contextlib.suppress(OSError):
            self._checkpoint.unlink(missing_ok=True)

    @property
    def _checkpoint(self) -> Path:
        return self._work / "checkpoint.pt"

    def _text(self, number: int) -> Path:
        return self._work / (f"text-{number + 1}.md" if number else "text.md")

    def _clear(self) -> None:
        for path in self._work.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != _LOCK:
                path.unlink()


def folder_for(title: str, source: str, in_use: Path) -> TrainingFolder:
    """Return the folder for a training on the text `title`, which is stored at `source`.

    It is one that this text had before, unless its model is the one `in_use`, or the first that
    nobody has: no training ever replaces a model that came from elsewhere.
    """
    name = f"my-{slug(title)}"
    for number in count(1):
        folder = TrainingFolder(places.own_models() / (name if number == 1 else f"{name}-{number}"))
        if folder.path == in_use:
            continue
        plan = folder.plan()
        if plan.source == source if plan else not folder.path.exists():
            return folder
    raise AssertionError("numbers do not end")


def slug(title: str) -> str:
    """Return `title` as part of a folder's name: letters and digits of any script, and hyphens.

    >>> slug("Emma, Vol. II"), slug("雨 (草稿)"), slug("…")
    ('emma-vol-ii', '雨-草稿', 'text')
    """
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", title).casefold())
    return "-".join(words)[:_LONGEST_SLUG].strip("-") or "text"
