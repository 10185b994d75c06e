import pytest

from tests.shelf.models import make_folder
from writer.shelf.shelf import Shelf


@pytest.fixture
def bundled(tmp_path):
    make_folder(tmp_path / "bundled" / "fiction-en")
    return tmp_path / "bundled"


@pytest.fixture
def own(tmp_path):
    return tmp_path / "data" / "models"


@pytest.fixture
def store(tmp_path):
    return tmp_path / "data" / "models.json"


@pytest.fixture
def shelf(bundled, own, store):
    return Shelf(bundled, own, store)


@pytest.fixture
def novel(tmp_path):
    """A model of the writer's, somewhere on the disk."""
    return make_folder(tmp_path / "somewhere" / "novel")
