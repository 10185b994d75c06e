"""The shelf: which models there are, found by name or path, added and removed.

Three kinds of them: those that came with the program, those in the writer's data folder, and those
that stay where they are and are only referred to. It knows their files by name, never their
content.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from writer import places
from writer.errors import ErrorKind, WriterError
from writer.shelf.copying import OnProgress, copied, not_added
from writer.shelf.model_files import (
    CONFIG,
    gguf_files,
    is_gguf,
    is_weights,
    model_at,
    model_files,
)
from writer.shelf.names import safe_name, same_name, unique_name
from writer.shelf.references import Reference, References
from writer.shelf.removing import remove_folder

_STORE = "models.json"
_NO_CONFIG = "it is no model's folder: config.json is missing"


class Origin(StrEnum):
    """How a model came to be on the shelf."""

    BUNDLED = "bundled"
    OWN = "own"
    """In the writer's data folder: trained here, or copied there."""
    LINKED = "linked"
    """Where its owner keeps it; only its path is known."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model on the shelf."""

    name: str
    """No other has it."""
    path: Path
    """Its folder, or its GGUF file."""
    origin: Origin

    @property
    def is_there(self) -> bool:
        """Whether it can be found now; one on a stick may come back."""
        return os.path.exists(self.path)


class Shelf:
    """The models, looked up anew each time, for other processes add and remove some, too.

    Args:
        bundled: The folder of those that came with the program; by default its own.
        own: The folder of the writer's; by default in the data folder.
        store: The file that keeps the paths of linked ones; by default in the data folder.
    """

    def __init__(
        self, bundled: Path | None = None, own: Path | None = None, store: Path | None = None
    ) -> None:
        self._bundled = places.bundled_models() if bundled is None else bundled
        self._own = places.own_models() if own is None else own
        self._references = References(places.data_folder() / _STORE if store is None else store)

    def entries(self) -> list[Entry]:
        """Return all models: bundled, own, linked; missing ones are among the last."""
        return [*self._unlinked(), *self._linked(self._references.read())]

    def named(self, name: str) -> Entry | None:
        """Return the model of that name, None where there is none."""
        return next((each for each in self.entries() if same_name(each.name, name)), None)

    def at(self, path: Path) -> Entry | None:
        """Return the model that lies at `path`, None where none of the shelf does."""
        return next((each for each in self.entries() if each.path == path), None)

    def find(self, model: str) -> Path:
        """Return the path of the model that is called `model`, else `model` as a path itself.

        It may not be there. A file of a model folder means the folder; see `model_at`.
        """
        entry = self.named(model)
        if entry is not None:
            return entry.path
        # os.path, because pathlib raises for an unknown ~user and for an overlong name.
        return model_at(Path(os.path.expanduser(model)))

    def add(
        self,
        path: Path,
        name: str | None = None,
        copy: bool = False,
        on_progress: OnProgress = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Entry:
        """Put a model on the shelf, by reference, or as a copy in the data folder.

        One that is there already is returned as it is.

        Args:
            path: Its folder, a file of it, or a GGUF file.
            name: What to call it. By default it is named after its path, with a number if need be.
            copy: Whether to copy it.
            on_progress: Told the bytes that are copied, and how many there are.
            cancelled: Asked between two blocks of a copy.

        Raises:
            WriterError: MODEL_NOT_ADDED; nothing has changed.
            Cancelled: A copy was not wanted any more; nothing has changed.
        """
        model = _model(path)
        if name is not None and (safe_name(name) != name or not unique_name(name, ()) == name):
            raise _not_named(model, f"“{name}” cannot be the name of a model")
        if not copy:
            return self._link(model, name)
        with copied(model, self._own, on_progress, cancelled) as unfinished:
            try:
                with self._references.locked():
                    name = self._free_name(model, name, self._references.read())
                    folder = unfinished.rename(self._own / name)
            except WriterError as error:
                raise not_added(model, error) from error
        return Entry(name, model_at(folder), Origin.OWN)

    def remove(self, name: str) -> None:
        """Take a model off the shelf: one's own is deleted, a linked one only forgotten.

        Raises:
            WriterError: MODEL_NOT_REMOVED.
        """
        entry = self.named(name)
        if entry is None:
            raise _not_removed(name, "there is no model of that name")
        if entry.origin is Origin.BUNDLED:
            raise _not_removed(name, "it came with Writer")
        if entry.origin is Origin.OWN:
            folder = entry.path.parent if is_gguf(entry.path) else entry.path
            remove_folder(entry.name, folder)
        else:
            self._unlink(entry)

    def _free_name(self, model: Path, name: str | None, references: list[Reference]) -> str:
        """Return `name` if it is free, or one after the model's path that is."""
        taken = self._taken(references)
        if name is None:
            return unique_name(safe_name(_name_of(model)), taken)
        if unique_name(name, taken) != name:
            raise _not_named(model, f"there is a model called “{name}” already")
        return name

    def _link(self, model: Path, name: str | None) -> Entry:
        try:
            with self._references.changing() as references:
                entries = [*self._unlinked(), *self._linked(references)]
                for known in entries:
                    if _is_same(known.path, model):
                        if name is not None and not same_name(known.name, name):
                            raise _not_named(model, f"it is there already, as “{known.name}”")
                        return known
                name = self._free_name(model, name, references)
                references.append(Reference(name, model))
        except WriterError as error:
            raise not_added(model, error) from error
        return Entry(name, model, Origin.LINKED)

    def _unlink(self, entry: Entry) -> None:
        try:
            with self._references.changing() as references:
                # By its path: its number may be another one by now.
                references[:] = [each for each in references if each.path != entry.path]
        except WriterError as error:
            raise _not_removed(entry.name, error.fields["reason"]) from error

    def _unlinked(self) -> list[Entry]:
        bundled = [Entry(each.name, each, Origin.BUNDLED) for each in _models_in(self._bundled)]
        theirs = [each.name for each in bundled]
        taken, own = self._folders(), []
        for folder in _models_in(self._own):
            is_free = unique_name(folder.name, theirs) == folder.name
            name = folder.name if is_free else unique_name(folder.name, taken)
            taken.append(name)
            own.append(Entry(name, model_at(folder), Origin.OWN))
        return [*bundled, *own]

    def _linked(self, references: Iterable[Reference]) -> list[Entry]:
        """Return the linked ones; one whose name was taken meanwhile gets a number, it alone."""
        references = list(references)
        taken = [*self._folders(), *(each.name for each in self._unlinked())]
        kept, found = [each.name for each in references], []
        for each in references:
            is_free = unique_name(each.name, taken) == each.name
            name = each.name if is_free else unique_name(each.name, [*taken, *kept])
            taken.append(name)
            found.append(Entry(name, each.path, Origin.LINKED))
        return found

    def _taken(self, references: Iterable[Reference]) -> list[str]:
        """Return all names in use, those of trainings that are no models yet among them."""
        entries = [*self._unlinked(), *self._linked(references)]
        return [*self._folders(), *(each.name for each in entries)]

    def _folders(self) -> list[str]:
        return [each.name for each in (*_folders_in(self._bundled), *_folders_in(self._own))]


def _folders_in(folder: Path) -> list[Path]:
    """Return the folders in `folder` that are not hidden, by name."""
    try:
        found = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return []
    return [path for path in found if os.path.isdir(path)]


def _models_in(folder: Path) -> list[Path]:
    """Return those that hold a model, as far as that is seen from outside."""
    return [
        path
        for path in _folders_in(folder)
        if os.path.isfile(path / CONFIG) or len(gguf_files(path)) == 1
    ]


def _model(path: Path) -> Path:
    """Return the absolute path of the model that `path` means.

    Raises:
        WriterError: MODEL_NOT_ADDED; there is none.
    """
    model = model_at(Path(os.path.abspath(os.path.expanduser(path))))
    if reason := _missing(model):
        raise WriterError(ErrorKind.MODEL_NOT_ADDED, path=path, reason=reason)
    return model


def _missing(model: Path) -> str:
    """Return what `model` lacks of being one; nothing where it is one from outside."""
    if not os.path.exists(model):
        return "there is no such file or folder"
    if not os.path.isdir(model):
        return "" if is_gguf(model) else "it is neither a model's folder nor a GGUF file"
    if not os.path.isfile(model / CONFIG):
        several = len(gguf_files(model)) > 1
        return "it holds several GGUF files; choose one of them" if several else _NO_CONFIG
    try:
        has_weights = any(is_weights(path.name) for path in model_files(model))
    except ValueError as error:
        return str(error)
    return "" if has_weights else "it holds no weights"


def _name_of(model: Path) -> str:
    """Return what a model is called where it is: a cache's snapshot after its repository."""
    if is_gguf(model):
        return model.stem
    if model.parent.name == "snapshots":
        return model.parent.parent.name.rpartition("--")[2]
    return model.name


def _is_same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _not_named(model: Path, reason: str) -> WriterError:
    return WriterError(ErrorKind.MODEL_NOT_ADDED, path=model, reason=reason)


def _not_removed(name: str, reason: object) -> WriterError:
    return WriterError(ErrorKind.MODEL_NOT_REMOVED, name=name, reason=reason)
