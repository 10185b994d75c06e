"""Where the program's own files and the writer's settings live. Standard library and platformdirs.

`resources/` and `models/` travel inside the package in a wheel, and stand beside it in a checkout.
"""

from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parent
_APP = "writer"


def _shipped(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def resources() -> Path:
    """Return the folder of icons, themes and sample prose."""
    return _shipped("resources")


def bundled_models() -> Path:
    """Return the folder that holds one model folder per bundled model."""
    return _shipped("models")


def model_folder(model: str) -> Path:
    """Return where the model is that has this name on the shelf, or this path."""
    from writer.shelf.shelf import Shelf  # which asks here where its folders are

    return Shelf().find(model)


def config_folder() -> Path:
    """Return the writer's settings folder; it may not exist yet."""
    return Path(platformdirs.user_config_dir(_APP, appauthor=False))


def data_folder() -> Path:
    """Return the writer's data folder (recovery copies, own models); it may not exist yet."""
    return Path(platformdirs.user_data_dir(_APP, appauthor=False))


def own_models() -> Path:
    """Return the folder of the models that the writer has trained or added; it may not exist."""
    return data_folder() / "models"


def cache_folder() -> Path:
    """Return where what can be found out again is kept; it may not exist yet."""
    return Path(platformdirs.user_cache_dir(_APP, appauthor=False))
