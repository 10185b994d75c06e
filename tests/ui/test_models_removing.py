"""Taking models off the shelf: what is asked before, what is said after, and what stays."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from tests.ui.test_models_dialog import Bench, Describer
from writer.errors import ErrorKind, WriterError


@pytest.fixture
def bench(open_desk, tmp_path):
    return Bench(open_desk(describe=Describer()), tmp_path)


@pytest.fixture
def answers(monkeypatch):
    """Questions that were asked, and the button that answers them."""
    asked, buttons = [], [QMessageBox.StandardButton.Cancel]

    def answer(box):
        asked.append(box.text())
        return buttons[0]

    monkeypatch.setattr(QMessageBox, "exec", answer)
    return asked, buttons


def test_ones_own_is_deleted_only_when_that_is_meant(bench, answers):
    asked, buttons = answers
    path = bench.make_own("my-emma")
    bench.open()
    bench.choose("my-emma")
    bench.press(Qt.Key.Key_Delete)
    assert asked == ["Delete “my-emma”?"]
    assert path.exists()
    buttons[0] = QMessageBox.StandardButton.Yes
    bench.press(Qt.Key.Key_Delete)
    assert not path.exists()
    assert bench.names == ["fiction-en", "fiction-zh"]
    assert bench.dialog.list.chosen_key() == "fiction-zh"
    assert bench.said == "“my-emma” is deleted."


@pytest.mark.parametrize("was_trained", [False, True])
def test_only_what_was_trained_has_learned(bench, monkeypatch, was_trained):
    asked = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.informativeText()))
    path = bench.make_own("my-emma")
    if was_trained:
        (path / "work").mkdir()
        (path / "work" / "log.jsonl").touch()
    bench.open()
    bench.choose("my-emma")
    bench.dialog.remove_button.click()
    assert ("learned" in asked[0]) == was_trained
    assert path.exists()


def test_of_a_missing_one_no_files_are_said_to_stay(bench):
    path = bench.make("of-a-friend")
    bench.shelf.add(path)
    path.rename(bench.folder / "moved")
    bench.open()
    bench.choose("of-a-friend")
    bench.dialog.remove_button.click()
    assert bench.said == "“of-a-friend” is off the list."


def test_a_linked_one_is_forgotten_and_its_files_stay(bench, answers):
    asked, _ = answers
    path = bench.make("of-a-friend")
    bench.shelf.add(path)
    bench.open()
    bench.choose("of-a-friend")
    bench.dialog.remove_button.click()
    assert asked == []
    assert (path / "model.safetensors").exists()
    assert "of-a-friend" not in bench.names
    assert "stay where they are" in bench.said


def test_a_bundled_one_stays(bench):
    bench.open()
    bench.known("fiction-zh")
    assert not bench.dialog.remove_button.isEnabled()
    bench.press(Qt.Key.Key_Delete)
    assert "fiction-zh" in bench.names


def test_the_one_at_work_stays_until_another_is_chosen(bench, answers):
    asked, _ = answers
    path = bench.make_own("my-emma")
    with bench.desk.bot.waitSignal(bench.desk.sampler.loaded):
        bench.desk.session.set_model(str(path))
    bench.open()
    bench.dialog.remove_button.click()
    assert "Choose another model" in bench.said
    assert asked == []
    assert path.exists()


def test_what_cannot_be_removed_is_said(bench, answers, monkeypatch):
    def refuse(name):
        raise WriterError(ErrorKind.MODEL_NOT_REMOVED, name=name, reason="it is in use")

    answers[1][0] = QMessageBox.StandardButton.Yes
    bench.make_own("my-emma")
    bench.open()
    bench.choose("my-emma")
    monkeypatch.setattr(bench.shelf, "remove", refuse)
    bench.dialog.remove_button.click()
    assert "it is in use" in bench.said
    assert "my-emma" in bench.names
