import pytest

from writer import places
from writer.model_choice import CHINESE, ENGLISH, suiting_model


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("The rain had not stopped since noon.", ENGLISH),
        ("雨停了，他走进屋子。", CHINESE),
        ("雨停了。他说：Hello, my dear friend!", CHINESE),
        ("She wrote the sign 雨 for rain, and looked at it for a long while.", ENGLISH),
        ("Élodie était déjà là.", ENGLISH),
        ("The rain. " * 500 + "雨停了，他走进屋子。" * 300, CHINESE),
        ("雨停了，他走进屋子。" * 300 + "The rain. " * 500, ENGLISH),
    ],
)
def test_the_end_of_a_text_chooses(text, model):
    assert suiting_model(text) == model


@pytest.mark.parametrize("text", ["", "…", "1914", "\n\n"])
def test_a_text_without_letters_leaves_it_open(text):
    assert suiting_model(text, CHINESE) == CHINESE
    assert suiting_model(text, ENGLISH) == ENGLISH


@pytest.mark.parametrize("name", [ENGLISH, CHINESE])
def test_the_models_are_bundled(name):
    assert (places.bundled_models() / name / "config.json").is_file()
