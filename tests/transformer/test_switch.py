import copy
import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from tests.checkpoints.tiny_models import random_network
from writer.engine.precision import adapt
from writer.settings import Precision
from writer.transformer.config import GPTConfig
from writer.transformer.switch import Expert, Router, Switch

WIDTH = 12


def random_switch(seed: int = 0, **config) -> Switch:
    sizes = {"n_embd": WIDTH, "n_head": 2, "experts": 4, "expert_capacity": 1.25,
             "expert_balance": 0.01, "feed_forward": "switch"}  # fmt: skip
    switch = Switch(GPTConfig(**{**sizes, **config}))
    generator = torch.Generator().manual_seed(seed)
    for parameter in switch.parameters():
        nn.init.normal_(parameter, 0, 0.4, generator=generator)
    return switch.double()


def random_texts(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, WIDTH, generator=torch.Generator().manual_seed(seed)).double()


def written_out(switch: Switch, text: torch.Tensor, room: int) -> torch.Tensor:
    """Token after token: what the experts make of one text (T, E)."""
    taken = [0] * len(switch.experts)
    said = torch.zeros_like(text)
    for place, token in enumerate(text):
        shares = torch.softmax(switch.router.weight @ token, dim=0)
        share, choice = shares.max(dim=0)
        taken[choice] += 1
        if taken[choice] <= room:
            said[place] = share * switch.experts[int(choice)](token)
    return said


@pytest.mark.parametrize("capacity", [0.0, 0.3, 1.0, 1.25, 9.0])
def test_training_serves_the_first_tokens_of_each_text(capacity):
    switch = random_switch(expert_capacity=capacity).train()
    texts = random_texts(3, 21)
    room = math.ceil(capacity * 21 / 4)
    wanted = torch.stack([written_out(switch, text, room) for text in texts])
    assert_close(switch(texts)[0], wanted, atol=1e-12, rtol=0)
    assert_close(switch(texts[1])[0], wanted[1], atol=1e-12, rtol=0)


@pytest.mark.parametrize("shape", [(1, 1), (2, 5), (1, 200), (7,), (130,)])
def test_evaluation_drops_nothing(shape):
    switch = random_switch().eval()
    texts = random_texts(*shape)
    said, penalty = switch(texts)
    wanted = written_out(switch, texts.view(-1, WIDTH), room=1000)
    assert_close(said.view(-1, WIDTH), wanted, atol=1e-12, rtol=0)
    assert penalty is None


def test_one_expert_is_an_mlp():
    switch = random_switch(experts=1, expert_capacity=1.0)
    texts = random_texts(2, 9)
    wanted = switch.experts[0](texts)
    assert_close(switch.train()(texts)[0], wanted, atol=1e-12, rtol=0)
    assert_close(switch.eval()(texts)[0], wanted, atol=1e-12, rtol=0)
    assert switch.train()(texts)[1] == 0.01


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_later_tokens_and_other_texts_change_no_bit(training, dtype):
    switch = random_switch().to(dtype).train(training)
    texts = random_texts(2, 90).to(dtype)
    changed = texts.clone()
    changed[0, 40:] = random_texts(50, seed=1).to(dtype)
    before, after = switch(texts)[0], switch(changed)[0]
    assert torch.equal(before[0, :40], after[0, :40])
    assert torch.equal(before[1], after[1])
    assert not torch.equal(before[0, 40:], after[0, 40:])


@pytest.mark.parametrize("capacity", [3, 7, 100])
def test_router_and_balance_are_those_of_transformers(capacity, transformers):
    theirs = transformers.models.switch_transformers.modeling_switch_transformers
    config = transformers.SwitchTransformersConfig(
        hidden_size=WIDTH, d_model=WIDTH, num_experts=4, expert_capacity=capacity
    )
    switch = random_switch(expert_capacity=capacity * 4 / 30).float().train()
    router = theirs.SwitchTransformersTop1Router(config)
    router.classifier.weight = switch.router.weight
    texts = random_texts(3, 30).float()
    index, share, logits = router(texts)
    assert_close(switch.router(texts), logits)
    experts = torch.stack([expert(texts) for expert in switch.experts], dim=2)  # (B, T, X, E)
    wanted = (experts * index[..., None]).sum(dim=2) * share
    said, penalty = switch(texts)
    assert_close(said, wanted)
    assert (index.sum(dim=2) == 0).any() == (capacity < 100)
    chosen = logits.argmax(dim=-1)
    balance = theirs.load_balancing_loss_func(torch.softmax(logits, dim=-1), chosen)
    assert_close(penalty, 0.01 * balance)


def test_the_balance_draws_shares_together():
    switch = random_switch(expert_balance=1.0).train()
    texts = random_texts(4, 60)
    steps = torch.optim.SGD([switch.router.weight], lr=1.0)
    losses = []
    for _ in range(30):
        loss = switch(texts)[1]
        losses.append(loss.item())
        steps.zero_grad()
        loss.backward()
        steps.step()
    assert losses[-1] < losses[0] - 0.02
    assert losses[-1] > 0.99  # it is 1 where all is even


def test_a_batch_divided_has_the_same_penalty():
    switch = random_switch().train()
    texts = random_texts(4, 11)
    parts = [switch(part)[1] for part in texts.split(1)]
    assert_close(torch.stack(parts).mean(), switch(texts)[1])


@pytest.mark.parametrize("capacity", [0.5, 1.25])
def test_every_expert_has_gradients_whatever_comes(capacity):
    # Several processes add up gradients: one that lacked some would keep the others waiting.
    switch = random_switch(expert_capacity=capacity).train()
    said, penalty = switch(random_texts(1, 1))
    (said.sum() + penalty).backward()
    assert all(parameter.grad is not None for parameter in switch.parameters())


def test_dropped_tokens_have_no_gradient():
    switch = random_switch(expert_capacity=0.2).train()
    texts = random_texts(1, 20).requires_grad_()
    said, _ = switch(texts)
    said.square().sum().backward()
    dropped = (said == 0).all(dim=2)
    assert 0 < dropped.sum() < 20
    assert torch.equal((texts.grad == 0).all(dim=2), dropped)


def test_experts_are_chosen_in_fp32():
    switch = random_switch().float().eval()
    texts = random_texts(1, 40).float()
    low = copy.deepcopy(switch).bfloat16()
    scores = low.router(texts.bfloat16())
    assert scores.dtype == torch.float32
    assert_close(scores, texts.bfloat16().float() @ low.router.weight.float().T)
    wanted = switch.router(texts.bfloat16())
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(switch.router(texts.bfloat16()), wanted)
        said, penalty = switch.train()(texts)
    assert penalty.dtype == torch.float32
    assert said.isfinite().all()
    assert low(texts.bfloat16())[0].dtype == torch.bfloat16


def test_eight_bits_leave_the_router_alone():
    network = random_network(
        feed_forward="switch", experts=2, expert_capacity=1.0, expert_balance=0.01
    )
    wanted = network.blocks[0].switch.router.weight.clone()
    adapt(network, Precision.INT8, torch.device("cpu"))
    switch = network.blocks[0].switch
    assert isinstance(switch.router, Router)
    assert torch.equal(switch.router.weight, wanted)
    assert not isinstance(switch.experts[0].up, nn.Linear)


def test_silence_is_nothing_said():
    switch = random_switch()
    switch.silence()
    for expert in switch.experts:
        assert isinstance(expert, Expert)
        nn.init.zeros_(expert.down.bias)
    assert (switch.eval()(random_texts(1, 9))[0] == 0).all()
    matrices = [name for name, each in switch.named_parameters() if each.ndim == 2]
    assert len(matrices) == 1 + 2 * 4  # Muon takes them one by one
