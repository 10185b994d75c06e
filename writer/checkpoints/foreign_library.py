"""transformers itself: how it is imported, and what is said where it fails."""

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import torch

_SHORTEST_REASON = 5
_FIELD = re.compile(r"field '(\w{1,40})'")


def transformers_library(part: str = "") -> Any:  # noqa: ANN401 - a module
    """Import transformers, or a part of it, so that it prints nothing and asks no network."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    with library_failures_told(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = import_module(f"transformers{part}")
        logging = import_module("transformers.utils.logging")
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    return found


@contextmanager
def library_failures_told() -> Iterator[None]:
    """Tell as a `ValueError`, in plain words, where transformers fails on what it is given.

    It is code of others, a kind of model apiece, and believes what a configuration says: where
    that is damaged, it fails by whatever exception comes first, an IndexError in one kind and a
    TypeError in another. So nearly all are caught, and therefore around calls into it only: what
    Writer's own code raises is what it is.
    """
    try:
        yield
    except _failures() as error:
        if isinstance(error, ValueError) and len(str(error)) >= _SHORTEST_REASON:
            raise
        raise ValueError(_told(error)) from error


def _failures() -> tuple[type[Exception], ...]:
    """Return what transformers and its libraries raise for what they do not understand."""
    from huggingface_hub.errors import StrictDataclassError

    return (
        ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, MemoryError,
        RuntimeError, TypeError, ValueError, StrictDataclassError,
    )  # fmt: skip


def _told(error: Exception) -> str:
    field = _FIELD.search(str(error))
    if field is not None:
        return f"its configuration says of {field[1]} what cannot be"
    if isinstance(error, ImportError):
        return "this kind of model needs a library that Writer does not have"
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "alloc" in str(error):
        return "there is not enough memory for it"
    return "its parts do not fit together, or Writer cannot run this kind of model"
