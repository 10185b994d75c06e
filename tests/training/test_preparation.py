from pathlib import Path

import pytest

from tests.checkpoints.tiny_models import PROSE, tiny_tokenizer
from writer.errors import ErrorKind, WriterError
from writer.training.preparation import (
    Texts,
    keep_tokenizer,
    kept_tokenizer,
    learned_tokenizer,
    shards,
    work_folder,
)


@pytest.fixture
def book(tmp_path) -> Path:
    path = tmp_path / "book.txt"
    path.write_text("\n\n".join(f"Paragraph {n}: the rain fell." for n in range(100)))
    return path


@pytest.fixture
def work(tmp_path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def text_of(shard, tokenizer) -> str:
    return tokenizer.decode(shard.window(0, len(shard)).tolist())


@pytest.mark.parametrize("times", [1, 3])
def test_the_end_of_a_text_is_held_out_however_often_it_is_read(times, book, work):
    tokenizer = tiny_tokenizer()
    corpus, held_out = shards(work, Texts([book] * times, [], 0.1), tokenizer, print)
    read, kept = text_of(corpus, tokenizer), text_of(held_out, tokenizer)
    assert read.count("Paragraph 0:") == times
    assert kept.startswith("Paragraph 9")
    assert kept.count("Paragraph 99:") == 1
    for number in range(100):
        assert (f"Paragraph {number}:" in read) != (f"Paragraph {number}:" in kept)


def test_nothing_is_held_out_where_nothing_is_wanted(book, work):
    corpus, held_out = shards(work, Texts([book], [], 0.0), tiny_tokenizer(), print)
    assert len(held_out) == 0
    assert "Paragraph 99:" in text_of(corpus, tiny_tokenizer())


def test_a_shard_is_made_once_for_each_tokenizer_and_text(book, work):
    said: list[str] = []
    texts = Texts([book], [], 0.1)
    shards(work, texts, tiny_tokenizer(), said.append)
    assert said
    said.clear()
    shards(work, texts, tiny_tokenizer(), said.append)
    assert not said
    other = tiny_tokenizer(300)
    corpus, _ = shards(work, texts, other, said.append)
    assert said
    assert "Paragraph 5: the rain fell." in text_of(corpus, other)
    said.clear()
    (work / "tokens-0.1.u16").write_bytes(b"")  # as a power cut may leave it
    corpus, _ = shards(work, texts, other, said.append)
    assert said
    assert len(corpus) > 0


def test_a_vocabulary_is_learned_once_for_each_kind_and_size(book, work):
    said: list[str] = []

    def learned(kind: str, size: int) -> int:
        said.clear()
        return learned_tokenizer(work, [book], kind, size, said.append).vocab_size

    assert learned("bpe", 280) == 280
    assert said
    assert learned("bpe", 280) == 280
    assert not said
    assert learned("bpe", 290) == 290
    assert learned("characters", 260) <= 260
    assert said
    (work / "tokenizer" / "vocab.txt").write_text("torn")
    (work / "tokenizer" / "made.json").unlink()
    assert learned("characters", 260) > 100


def test_a_training_keeps_its_tokenizer(work):
    with pytest.raises(WriterError, match="tokenizer"):
        kept_tokenizer(work)
    keep_tokenizer(work, tiny_tokenizer())
    assert kept_tokenizer(work).encode(PROSE) == tiny_tokenizer().encode(PROSE)


def test_a_model_is_replaced_only_if_that_is_wanted(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with (
        pytest.raises(WriterError, match="--replace") as caught,
        work_folder(tmp_path, resume=False, replace=False),
    ):
        pass
    assert caught.value.kind is ErrorKind.OUTPUT_TAKEN
    with work_folder(tmp_path, resume=False, replace=True) as work:
        assert work.is_dir()
