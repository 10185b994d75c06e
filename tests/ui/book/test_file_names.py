"""Names of files made of titles can be used on every system."""

import random

from writer.ui.book.file_names import file_name_of, free_folder


def test_any_title_gives_a_name_that_can_be_written(tmp_path):
    rng = random.Random(8)
    signs = 'ab .é雨😀/\\:*?"<>|\0\n\t\ud800'
    for _ in range(300):
        name = file_name_of("".join(rng.choices(signs, k=rng.randint(0, 200))), "Untitled")
        (tmp_path / f"{name}.docx").write_text("")
        assert not set(name) & set('/\\:*?"<>|\0\n\t')
        assert name == name.strip(". ")


def test_reserved_names_are_not_used():
    assert [file_name_of(name, "Untitled") for name in ("CON", "nul.x", "Lpt1")] == ["Untitled"] * 3


def test_a_free_folder_is_never_one_that_is_there(tmp_path):
    for number in range(4):
        folder = free_folder(tmp_path, "Novel")
        folder.mkdir()
        assert folder.name == ("Novel" if number == 0 else f"Novel {number + 1}")
