from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from tests.checkpoints.tiny_models import PROSE, tiny_tokenizer
from writer.errors import ErrorKind, WriterError
from writer.training import trainer as trainer_module
from writer.training.cleaning import clean
from writer.training.recipe import Recipe, usual_window
from writer.training.saving import read_checkpoint, read_log
from writer.training.shard import write_shard
from writer.training.trainer import Progress, Trainer
from writer.training.windows import Windows, held_out_windows
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT

CONFIG = {"n_layer": 2, "n_embd": 16, "n_head": 2, "n_ctx": 32, "vocab_size": 384}
TINY = Recipe(
    tokens=512, batch_tokens=64, micro_tokens=32, short_length=16, checks=4, average_share=0.3
)


@pytest.fixture
def shard(tmp_path):
    documents = [clean(PROSE)] * 3
    return write_shard(tmp_path / "tokens.u16", documents, tiny_tokenizer())


@pytest.fixture
def train(shard, tmp_path):
    """Return a trainer of a tiny network in a folder of its own."""

    def make(recipe: Recipe = TINY, folder: str = "", **config: object) -> Trainer:
        torch.manual_seed(5)
        network = GPT(GPTConfig(**{**CONFIG, **config}))
        held_out = held_out_windows(shard, network.config.n_ctx, 2)
        (tmp_path / folder).mkdir(exist_ok=True)
        windows = Windows(shard, tiny_tokenizer(), network.config.n_ctx, recipe.seed)
        return Trainer(recipe, network, windows, held_out, tmp_path / folder)

    return make


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


def test_two_updates_move_every_parameter(train):
    trainer = train(replace(TINY, tokens=128), n_ctx=16)
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


def test_what_is_learned_by_heart_costs_little(train):
    trainer, log = train(replace(TINY, tokens=16_384)), Stop()
    trainer.run(log)
    assert log.seen[-1].loss < log.seen[1].loss - 2
    assert log.seen[-1].held_out < log.seen[0].held_out - 2
    assert not trainer.network.training


def test_the_budget_is_spent_and_told(train, tmp_path):
    trainer, log = train(), Stop()
    assert trainer.run(log)
    assert [each.step for each in log.seen] == [*range(9)]
    assert [each.tokens for each in log.seen] == [*range(0, 513, 64)]
    assert log.seen[0].loss is None
    assert log.seen[-1].share == 1
    checked = [each.step for each in log.seen if each.held_out is not None]
    assert checked == [0, 2, 4, 6, 8]
    written = read_log(tmp_path)
    assert [each["loss"] for each in written] == [each.loss for each in log.seen]


def test_a_budget_of_minutes_ends_too(train):
    trainer = train(replace(TINY, tokens=0, minutes=1.0))
    trainer.seconds = 59.9999
    trainer.run(Stop(100))
    assert trainer.share == 1


def test_equal_recipes_give_equal_weights(train):
    trainers = [train(folder=name) for name in "ab"]
    for trainer in trainers:
        trainer.run(Stop())
        trainer.finish()
    assert_same(weights(trainers[0]), weights(trainers[1]))


@pytest.mark.parametrize("dropout", [0.0, 0.2, None])
@pytest.mark.parametrize("after", [1, 5, 7])
def test_resumed_is_as_if_never_interrupted(after, dropout, train, tmp_path):
    recipe = replace(TINY, dropout=dropout)
    whole = train(recipe, "whole")
    whole.run(Stop())
    first = train(recipe, "cut")
    with pytest.raises(KeyboardInterrupt):
        first.run(Stop(after + 1))  # it is told of where it begins, too
    torch.manual_seed(99)
    second, log = train(recipe, "cut"), Stop()
    second.resume(read_checkpoint(tmp_path / "cut"))
    assert (second.step, second.tokens) == (after, 64 * after)
    assert second.run(log)
    assert len(log.seen) == 8 - after
    assert_same(weights(second), weights(whole))
    whole.finish()
    second.finish()
    assert_same(weights(second), weights(whole))
    steps = [each.get("step") for each in read_log(tmp_path / "cut")]
    assert steps == [*range(9), None]  # each once, and what was chosen
    second.resume(read_checkpoint(tmp_path / "cut"))
    second.run(Stop())  # nothing is left to do


def test_asked_to_stop_it_does_between_two_updates(train, tmp_path):
    trainer, log = train(), Stop()
    assert not trainer.run(log, lambda: len(log.seen) < 4)
    assert trainer.step == 3
    again = train()
    again.resume(read_checkpoint(tmp_path))
    assert again.step == 3


def test_half_an_update_is_never_kept(train, tmp_path, monkeypatch):
    trainer, log = train(), Stop()
    trainer.run(log, lambda: len(log.seen) < 4)
    good = (tmp_path / "checkpoint.pt").read_bytes()
    step = torch.optim.AdamW.step

    def interrupt(*arguments, **more):
        raise KeyboardInterrupt

    with monkeypatch.context() as torn:
        torn.setattr(torch.optim.AdamW, "step", interrupt)  # Muon has moved the matrices already
        with pytest.raises(KeyboardInterrupt):
            trainer.run(Stop())
    assert torch.optim.AdamW.step is step
    assert (tmp_path / "checkpoint.pt").read_bytes() == good


def test_begun_anew_the_log_is_too(train, tmp_path):
    train().run(Stop())
    trainer = train()
    trainer.resume(None)
    assert read_log(tmp_path) == []


def test_with_a_longer_budget_the_last_weights_are_others(train, tmp_path):
    train().run(Stop())
    saved = read_checkpoint(tmp_path)
    assert saved["average"]["count"] > 0
    longer = train(replace(TINY, tokens=1024))
    longer.resume(saved)
    assert not longer._average


@pytest.mark.parametrize("spoil", ["weight", "gradient"])
def test_a_loss_that_is_no_number_stops_and_the_good_checkpoint_stands(spoil, train, tmp_path):
    trainer = train()
    with pytest.raises(KeyboardInterrupt):
        trainer.run(Stop(3))
    good = (tmp_path / "checkpoint.pt").read_bytes()
    if spoil == "weight":
        trainer.network.norm.bias.data.fill_(float("nan"))
    else:
        trainer.network.norm.bias.register_hook(lambda gradient: gradient * float("inf"))
    before = weights(trainer)
    with pytest.raises(WriterError, match="--resume") as caught:
        trainer.run(Stop())
    assert caught.value.kind is ErrorKind.TRAINING_DIVERGED
    assert (tmp_path / "checkpoint.pt").read_bytes() == good
    assert all(
        torch.equal(before[n].nan_to_num(), w.nan_to_num()) for n, w in weights(trainer).items()
    )
    again = train()
    again.resume(read_checkpoint(tmp_path))
    again.run(Stop())
    assert all(each.isfinite().all() for each in weights(again).values())


def test_a_text_shorter_than_the_context_is_refused(tmp_path):
    shard = write_shard(tmp_path / "tokens.u16", ["The rain fell."], tiny_tokenizer())
    windows = Windows(shard, tiny_tokenizer(), 32, 1)
    with pytest.raises(WriterError) as caught:
        Trainer(TINY, GPT(GPTConfig(**CONFIG)), windows, torch.empty(0, 33), tmp_path)
    assert caught.value.kind is ErrorKind.CORPUS_TOO_SHORT


def test_every_token_of_the_shard_can_be_read(tmp_path):
    # One more than n_ctx is the least: a window and the token after it.
    shard = write_shard(tmp_path / "tokens.u16", [PROSE[:200]], tiny_tokenizer())
    network = GPT(GPTConfig(**{**CONFIG, "n_ctx": len(shard) - 1}))
    windows = Windows(shard, tiny_tokenizer(), len(shard) - 1, 1)
    nothing = torch.empty((0, 2), dtype=torch.long)
    trainer = Trainer(replace(TINY, short_share=0), network, windows, nothing, tmp_path)
    assert trainer.run(Stop())
    assert trainer.finish() is None


@pytest.mark.parametrize("wanted", ["last", "average", "best"])
def test_the_weights_that_do_best_are_left(wanted, train, tmp_path, monkeypatch):
    trainer = train(replace(TINY, tokens=4096))
    trainer.run(Stop())
    trainer.network.norm.bias.data.add_(0.1)  # so that they differ from the best
    own = weights(trainer)
    losses = {"last": 3.0, "average": 2.0}
    trainer._best.loss = 1.0
    if wanted == "average":
        trainer._best.loss = 9.0
    if wanted == "last":
        trainer._best.loss = losses["average"] = 9.0
    with trainer._average.applied():
        average = weights(trainer)
    with trainer._best.applied():
        best = weights(trainer)
    told = iter([losses["last"], losses["average"]])
    with monkeypatch.context() as pretended:
        pretended.setattr(trainer, "held_out_loss", lambda: next(told))
        trainer.finish()
    assert read_log(tmp_path)[-1]["chosen"] == wanted
    kept = {"average": average, "best": best}.get(wanted, own)
    assert_same(weights(trainer), kept)


def test_what_is_learned_by_heart_does_not_spoil_what_was_better(train):
    trainer, log = train(replace(TINY, tokens=16_384, checks=8)), Stop()
    # The same words in another order: how often they come helps, what follows what does not.
    order = torch.randperm(trainer._held_out.numel(), generator=torch.Generator().manual_seed(1))
    trainer._held_out = trainer._held_out.flatten()[order].view_as(trainer._held_out)
    trainer.run(log)
    checked = [each.held_out for each in log.seen if each.held_out is not None]
    best = min(checked[1:])
    assert best < checked[-1] - 0.1
    assert trainer.finish() <= best
    assert trainer.held_out_loss() <= best + 1e-6


PERFORMER = {"attention": "performer", "random_features": 16, "attention_seed": 1}


def test_random_features_are_drawn_anew_and_then_settle(train, monkeypatch):
    monkeypatch.setattr(trainer_module, "_REDRAWN_EVERY", 2)
    trainer, drawn = train(replace(TINY, tokens=640), **PERFORMER), []
    layer = trainer.network.layers()[0].attention
    trainer.run(lambda progress: drawn.append(layer.projection.clone()))
    changes = [not torch.equal(one, two) for one, two in pairwise(drawn)]
    # Before the third, fifth and seventh of ten updates, and in the last fifth no more.
    assert changes == [False, False, True, False, True, False, True, False, False, False]


def test_weights_that_are_kept_keep_the_features_they_were_trained_with(train):
    trainer = train(TINY, **PERFORMER)
    trainer._best.offer(1.0)
    best = weights(trainer)
    trainer.network.redraw(7)
    assert not torch.equal(weights(trainer)["blocks.0.attention.projection"],
                           best["blocks.0.attention.projection"])  # fmt: skip
    trainer._best.apply()
    assert_same(weights(trainer), best)


def test_rates_rise_hold_and_fall():
    rates = [Recipe().rate(place / 1000) for place in range(1001)]
    top = rates.index(1.0)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert 0 < min(rates) <= max(rates) == 1


def run_out(trainer: Trainer, most: int, *, always: bool = False) -> list[tuple[int, bool]]:
    """Let the memory run out whenever more than `most` windows are read at once."""
    forward, seen = trainer._objective.forward, []

    def limited(windows: torch.Tensor, seed: int = 0) -> object:
        found = forward(windows, seed)
        if trainer.network.training:
            seen.append((len(windows), trainer.network.checkpointing))
            if always or len(windows) > most:
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to")
        return found

    trainer._objective.forward = limited
    return seen


@pytest.mark.parametrize("objective", ["causal", "masked"])
def test_out_of_memory_fewer_windows_give_what_they_had_given_from_the_start(
    objective, train, tmp_path
):
    recipe = replace(TINY, micro_tokens=64, dropout=0.2)
    trainer = train(recipe, "much", objective=objective)
    seen = run_out(trainer, 1)
    assert trainer.run(Stop())
    assert seen[:3] == [(4, False), (2, False), (1, False)]
    assert {rows for rows, _ in seen[3:]} == {1}
    assert trainer.recipe == replace(recipe, micro_tokens=16)
    little = train(replace(recipe, micro_tokens=16), "little", objective=objective)
    little.run(Stop())
    assert_same(weights(trainer), weights(little))
    assert read_checkpoint(tmp_path / "much")["recipe"]["micro_tokens"] == 16


def test_without_memory_for_one_window_it_stops_and_the_good_checkpoint_stands(train, tmp_path):
    trainer = train()
    with pytest.raises(KeyboardInterrupt):
        trainer.run(Stop(3))
    good = (tmp_path / "checkpoint.pt").read_bytes()
    before = weights(trainer)
    seen = run_out(trainer, 0, always=True)
    with pytest.raises(WriterError, match="--resume") as caught:
        trainer.run(Stop())
    assert caught.value.kind is ErrorKind.TRAINING_OUT_OF_MEMORY
    assert seen == [(2, False), (1, False), (1, True)]
    assert (tmp_path / "checkpoint.pt").read_bytes() == good
    assert_same(weights(trainer), before)


def test_out_of_memory_where_nothing_can_be_redone_it_stops(train, monkeypatch):
    trainer = train()

    def none_left(*arguments, **more):
        raise MemoryError

    monkeypatch.setattr(torch.optim.AdamW, "step", none_left)
    with pytest.raises(WriterError) as caught:
        trainer.run(Stop())
    assert caught.value.kind is ErrorKind.TRAINING_OUT_OF_MEMORY


def test_other_errors_are_not_taken_for_a_lack_of_memory(train):
    trainer = train()
    trainer._objective.forward = lambda *arguments: torch.zeros(2) + torch.zeros(3)
    with pytest.raises(RuntimeError, match="size"):
        trainer.run(Stop())


def test_every_kind_moves_every_parameter_and_tells_its_penalty_apart(train, tmp_path):
    sizes = {"experts": 2, "expert_capacity": 1.25, "expert_balance": 0.5}
    trainer, log = train(replace(TINY, tokens=128), feed_forward="switch", **sizes), Stop()
    before = {name: each.clone() for name, each in trainer.network.named_parameters()}
    trainer.run(log)
    assert all(each.penalty > 0.4 for each in log.seen[1:])
    # The loss of chance, log 384: without what is added.
    assert log.seen[1].loss == pytest.approx(5.95, abs=0.15)
    assert log.seen[0].held_out == pytest.approx(5.95, abs=0.15)
    for name, now in trainer.network.named_parameters():
        if not name.endswith("key.bias"):
            assert (now - before[name]).abs().max() > 1e-6, name
    assert read_log(tmp_path)[-1]["penalty"] == log.seen[-1].penalty


def test_windows_may_be_shorter_than_n_ctx(shard, tmp_path):
    network = GPT(GPTConfig(**CONFIG, position_embedding="rotary", rotary_base=1e4))
    windows = Windows(shard, tiny_tokenizer(), 16, 1)
    held_out = held_out_windows(shard, 16, 2)
    trainer = Trainer(replace(TINY, short_length=8), network, windows, held_out, tmp_path)
    read = []
    forward = trainer._objective.forward

    def watched(windows: torch.Tensor, seed: int = 0) -> object:
        read.append(windows.shape[1] - 1)
        return forward(windows, seed)

    trainer._objective.forward = watched
    assert trainer.run(Stop())
    assert set(read) == {8, 16}


def test_windows_grow_to_the_longest():
    assert [TINY.length(share, 32) for share in (0, 0.59, 0.6, 1)] == [16, 16, 32, 32]
    assert TINY.length(0, 8) == 8
    extending = Recipe(extended_from=10, short_share=0.9)
    assert [extending.length(n / 8, 35) for n in range(9)] == [20] * 3 + [35] * 6
    assert extending.length(0, 15) == 15


def test_only_positions_told_by_distance_need_not_all_be_trained():
    long = {"n_ctx": 16384}
    assert usual_window(GPTConfig(**long)) == 16384
    assert usual_window(GPTConfig(**long, position_embedding="relative")) == 4096
    assert usual_window(GPTConfig(n_ctx=512, position_embedding="relative")) == 512
