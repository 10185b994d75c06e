"""How a model on the shelf is named in the settings."""

from writer.shelf.shelf import Entry, Origin


def model_of(entry: Entry) -> str:
    """Return what the settings say of a model: a bundled one's name, another one's path.

    Names of others may get a number when one of them goes; a path stays.
    """
    return entry.name if entry.origin is Origin.BUNDLED else str(entry.path)


def is_named(entry: Entry, model: str) -> bool:
    """Return whether `model`, in the settings, is this one."""
    return model in (entry.name, str(entry.path))
