import pytest
import torch
from torch.nn import functional as F
from torch.testing import assert_close

from tests.checkpoints.tiny_models import random_network
from writer.training import objective
from writer.training.objective import Objective, token_loss


@pytest.mark.parametrize("count", [1, 5, 512, 513, 1300])
def test_loss_and_gradients_are_those_of_all_logits_at_once(count, monkeypatch):
    generator = torch.Generator().manual_seed(3)
    features = torch.randn(count, 8, generator=generator, dtype=torch.float64)
    weight = torch.randn(40, 8, generator=generator, dtype=torch.float64)
    targets = torch.randint(40, (count,), generator=generator)
    for each in (features, weight):
        each.requires_grad_(True)
    monkeypatch.setattr(objective, "_CHUNK", 512)
    (token_loss(features, weight, targets, torch.float64) * 3).backward()
    found = features.grad.clone(), weight.grad.clone()
    features.grad = weight.grad = None
    whole = F.cross_entropy(features @ weight.T, targets) * 3
    whole.backward()
    # The logits are fp32 where the loss is taken, whatever the products are in.
    assert_close(found, (features.grad, weight.grad), atol=1e-6, rtol=1e-4, check_dtype=False)


def test_without_gradients_it_is_the_same_loss():
    network = random_network()
    windows = torch.randint(384, (2, 33), generator=torch.Generator().manual_seed(1))
    logits, _ = network(windows[:, :-1])
    wanted = F.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
    with torch.no_grad():
        assert_close(Objective(network)(windows).plain, wanted)


def test_bf16_is_near():
    network = random_network().requires_grad_(True)
    windows = torch.randint(384, (2, 33), generator=torch.Generator().manual_seed(1))
    fine, coarse = (
        Objective(network, dtype)(windows).plain for dtype in (torch.float32, torch.bfloat16)
    )
    assert_close(coarse, fine, atol=0.05, rtol=0.02)
    coarse.backward()
    assert all(each.grad.isfinite().all() for each in network.parameters())


def test_checkpointed_activations_give_the_same_gradients():
    windows = torch.randint(384, (2, 33), generator=torch.Generator().manual_seed(1))
    gradients = []
    for checkpointing in (False, True):
        network = random_network().requires_grad_(True).train()
        network.checkpointing = checkpointing
        Objective(network)(windows).plain.backward()
        gradients.append([each.grad for each in network.parameters()])
    assert_close(gradients[0], gradients[1])
