import json
from dataclasses import replace

import pytest
import torch

from tests.checkpoints.tiny_models import PROSE, tiny_tokenizer
from writer.errors import ErrorKind, WriterError
from writer.training.corpus import clean
from writer.training.recipe import Recipe
from writer.training.shard import write_shard
from writer.training.trainer import Progress, Trainer

TINY = Recipe(
    n_layer=2, n_embd=16, n_head=2, n_ctx=32, vocab_size=384, tokens=512,
    batch_tokens=64, micro_tokens=32, short_length=16,
)  # fmt: skip


@pytest.fixture
def shard(tmp_path):
    documents = [clean(PROSE)] * 3
    return write_shard(tmp_path / "tokens.u16", documents, tiny_tokenizer(), [].append)


class Stop:
    """Interrupts, as Ctrl+C does, after so many updates."""

    def __init__(self, after: int = -1):
        self.after = after
        self.seen: list[Progress] = []

    def __call__(self, progress: Progress) -> None:
        self.seen.append(progress)
        if len(self.seen) == self.after:
            raise KeyboardInterrupt


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: each.clone() for name, each in trainer.network.state_dict().items()}


def assert_same(one, other):
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_two_updates_move_every_parameter(shard, tmp_path):
    trainer = Trainer(replace(TINY, tokens=128, n_ctx=16), shard, tmp_path)
    before = {name: each.clone() for name, each in trainer.network.named_parameters()}
    trainer.run(Stop())
    assert trainer.step == 2
    for name, now in trainer.network.named_parameters():
        if name.endswith("key.bias"):
            continue  # raises all scores of a query alike, which softmax does not mind
        moved = (now - before[name]).abs()
        assert moved.max() > 1e-4, name  # decay alone moves a matrix by less
        if now.ndim == 1 or name == "positions.weight":
            assert (moved > 0).all(), name


def test_what_is_learned_by_heart_costs_little(shard, tmp_path):
    trainer, log = Trainer(replace(TINY, tokens=16_384), shard, tmp_path), Stop()
    trainer.run(log)
    assert log.seen[-1].loss < log.seen[0].loss - 2
    assert not trainer.network.training


def test_the_budget_is_spent_and_told(shard, tmp_path):
    trainer, log = Trainer(TINY, shard, tmp_path), Stop()
    trainer.run(log)
    assert [each.step for each in log.seen] == [*range(1, 9)]
    assert [each.tokens for each in log.seen] == [*range(64, 513, 64)]
    assert log.seen[-1].share == 1
    written = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [each["loss"] for each in written] == [each.loss for each in log.seen]


def test_a_budget_of_minutes_ends_too(shard, tmp_path):
    trainer = Trainer(replace(TINY, tokens=10**12, minutes=1.0), shard, tmp_path)
    trainer.seconds = 59.9999
    trainer.run(Stop(100))
    assert trainer.share == 1


def test_equal_recipes_give_equal_weights(shard, tmp_path):
    trainers = []
    for name in "ab":
        (tmp_path / name).mkdir()
        trainers.append(Trainer(TINY, shard, tmp_path / name))
        trainers[-1].run(Stop())
    assert_same(weights(trainers[0]), weights(trainers[1]))


@pytest.mark.parametrize("after", [1, 5, 7])
def test_resumed_is_as_if_never_interrupted(after, shard, tmp_path):
    whole = Trainer(TINY, shard, tmp_path)
    whole.run(Stop())
    (tmp_path / "checkpoint.pt").unlink()
    first = Trainer(TINY, shard, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        first.run(Stop(after))
    torch.manual_seed(99)
    second, log = Trainer(TINY, shard, tmp_path), Stop()
    assert second.resume()
    assert (second.step, second.tokens) == (after, 64 * after)
    second.run(log)
    assert len(log.seen) == 8 - after
    assert_same(weights(second), weights(whole))
    assert second.resume()
    second.run(Stop())  # nothing is left to do
    assert_same(weights(second), weights(whole))


def test_without_a_checkpoint_there_is_nothing_to_resume(shard, tmp_path):
    assert not Trainer(TINY, shard, tmp_path).resume()


@pytest.mark.parametrize("spoil", ["weight", "gradient"])
def test_a_loss_that_is_no_number_stops_and_the_good_checkpoint_stands(spoil, shard, tmp_path):
    trainer = Trainer(TINY, shard, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        trainer.run(Stop(3))
    good = (tmp_path / "checkpoint.pt").read_bytes()
    if spoil == "weight":
        trainer.network.norm.bias.data.fill_(float("nan"))
    else:
        trainer.network.norm.bias.register_hook(lambda gradient: gradient * float("inf"))
    before = weights(trainer)
    with pytest.raises(WriterError) as caught:
        trainer.run(Stop())
    assert caught.value.kind is ErrorKind.TRAINING_DIVERGED
    assert (tmp_path / "checkpoint.pt").read_bytes() == good
    assert all(
        torch.equal(before[n].nan_to_num(), w.nan_to_num()) for n, w in weights(trainer).items()
    )
    again = Trainer(TINY, shard, tmp_path)
    assert again.resume()
    again.run(Stop())
    assert all(each.isfinite().all() for each in weights(again).values())


@pytest.mark.parametrize("change", [{"n_head": 4}, {"n_embd": 32}, {"n_ctx": 16}, {"n_layer": 1}])
def test_another_shape_cannot_go_on(change, shard, tmp_path):
    trainer = Trainer(TINY, shard, tmp_path)
    trainer.save()
    with pytest.raises(WriterError) as caught:
        Trainer(replace(TINY, **change), shard, tmp_path).resume()
    assert caught.value.kind is ErrorKind.OUTPUT_TAKEN
    assert Trainer(replace(TINY, tokens=1024), shard, tmp_path).resume()


@pytest.mark.parametrize("kept", [0, 10, -100])
def test_a_damaged_checkpoint_is_named(kept, shard, tmp_path):
    Trainer(TINY, shard, tmp_path).save()
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(WriterError, match=r"checkpoint\.pt"):
        Trainer(TINY, shard, tmp_path).resume()


def test_a_text_shorter_than_the_context_is_refused(tmp_path):
    documents = ["The rain fell."]
    shard = write_shard(tmp_path / "tokens.u16", documents, tiny_tokenizer(), [].append)
    with pytest.raises(WriterError) as caught:
        Trainer(TINY, shard, tmp_path)
    assert caught.value.kind is ErrorKind.CORPUS_TOO_SHORT


def test_every_token_of_the_shard_can_be_read(tmp_path):
    # One more than n_ctx is the least: a window and the token after it.
    documents = [PROSE[:200]]
    shard = write_shard(tmp_path / "tokens.u16", documents, tiny_tokenizer(), [].append)
    trainer = Trainer(replace(TINY, n_ctx=len(shard) - 1, short_share=0), shard, tmp_path)
    trainer.run(Stop())
    assert trainer.share == 1


def test_rates_rise_hold_and_fall():
    rates = [Recipe().rate(place / 1000) for place in range(1001)]
    top = rates.index(1.0)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert 0 < min(rates) <= max(rates) == 1


def test_windows_grow_to_n_ctx():
    assert [TINY.length(share) for share in (0, 0.59, 0.6, 1)] == [16, 16, 32, 32]
    assert replace(TINY, n_ctx=8).length(0) == 8
