import pytest

from tests.checkpoints.tiny_models import PROSE, tiny_tokenizer
from writer.training.cleaning import clean
from writer.training.shard import TokenShard, shard_path, write_shard

LONG = clean("\n".join(f"Paragraph {n}: " + "the rain fell. " * 40 for n in range(80)))


@pytest.mark.parametrize(
    "documents",
    [
        [clean(PROSE)],
        [clean(PROSE), "One.", "Two.\n\nThree."],
        [LONG, clean(PROSE)],
        [LONG, LONG],
    ],
    ids=["one", "three", "long and short", "long"],
)
def test_every_document_is_in_the_shard_up_to_its_gaps(documents, tmp_path):
    tokenizer, progress = tiny_tokenizer(), []
    path = shard_path(tmp_path, "tokens", tokenizer)
    shard = write_shard(path, iter(documents), tokenizer, progress.append)
    tokens = shard.window(0, len(shard)).tolist()
    assert progress[-1] == len(shard) == len(tokens)
    assert tokens.count(tokenizer.end_id) == len(documents)
    assert tokens[-1] == tokenizer.end_id
    found, piece = [], []
    for token in tokens:
        if token == tokenizer.end_id:
            found.append(tokenizer.decode(piece))
            piece = []
        else:
            piece.append(token)
    # Every other one has its paragraphs parted by single line ends.
    gaps = ["\n", "\n\n"] * len(documents)
    wanted = [text.replace("\n\n", gap) for text, gap in zip(documents, gaps, strict=False)]
    assert found == wanted
    again = TokenShard.read(path)
    assert again.window(3, 5).tolist() == tokens[3:8]
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_shard_of_nothing_is_empty(tmp_path):
    shard = write_shard(tmp_path / "tokens.u16", [], tiny_tokenizer(), [].append)
    assert len(shard) == 0


def test_a_large_vocabulary_has_room(tmp_path):
    tokenizer = tiny_tokenizer(400)
    path = tmp_path / "tokens.u32"
    narrow = write_shard(tmp_path / "tokens.u16", [LONG], tokenizer, [].append)
    wide = write_shard(path, [LONG], tokenizer, [].append)
    assert path.stat().st_size == 4 * len(wide)
    assert wide.window(0, len(wide)).tolist() == narrow.window(0, len(narrow)).tolist()
    tokenizer = type("Large", (), {"vocab_size": (1 << 16) + 1})()
    assert shard_path(tmp_path, "tokens", tokenizer).suffix == ".u32"
