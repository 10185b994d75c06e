import copy

import pytest
import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel
from torch.testing import assert_close

from tests.checkpoints.tiny_models import random_network
from writer.transformer.block import Block
from writer.transformer.gpt import GPT
from writer.transformer.reversible import reversible


def network_of(layers: int = 3, **config) -> GPT:
    network = random_network(blocks="reversible", n_layer=layers, **config)
    return network.double().requires_grad_(True).train()


def plain(blocks: list[Block], x: torch.Tensor) -> torch.Tensor:
    """The same, keeping everything."""
    first = second = x
    for block in blocks:
        first = first + block.looked(second)
        second = second + block.thought(first)[0]
    return (first + second) / 2


def random_inputs(length: int = 17, rows: int = 2, width: int = 32) -> torch.Tensor:
    return torch.randn(rows, length, width, generator=torch.Generator().manual_seed(3)).double()


def taken(run, blocks, x):
    """The result, and the gradients of the input and of every parameter."""
    x = x.clone().requires_grad_()
    for block in blocks:
        block.zero_grad()
    said = run(blocks, x)
    (said * torch.linspace(-1, 1, said.numel()).view(said.shape)).sum().backward()
    return said, x.grad, [each.grad.clone() for block in blocks for each in block.parameters()]


@pytest.mark.parametrize("layers", [1, 5])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_gradients_are_those_of_the_plain_stack(layers, dropout):
    network = network_of(layers)
    network.set_dropout(dropout)
    blocks, x = network.layers(), random_inputs()
    torch.manual_seed(5)
    wanted = taken(plain, blocks, x)
    after = torch.get_rng_state()
    torch.manual_seed(5)
    found = taken(reversible, blocks, x)
    assert_close(found, wanted, atol=1e-9, rtol=0)
    assert torch.equal(torch.get_rng_state(), after)  # what is drawn next is as it was
    assert all(each.abs().max() > 0 for each in found[2])


def test_whole_networks_have_the_gradients_of_the_plain_stack():
    network = network_of()
    twin = copy.deepcopy(network)
    tokens = torch.randint(384, (2, 19), generator=torch.Generator().manual_seed(1))
    network.whole(tokens).features.square().sum().backward()
    twin.norm(plain(twin.layers(), twin._embedded(tokens, 0))).square().sum().backward()
    for (name, one), other in zip(network.named_parameters(), twin.parameters(), strict=True):
        if other.grad is not None:
            assert_close(one.grad, other.grad, atol=1e-9, rtol=1e-9, msg=name)


def bytes_kept(run, blocks, x) -> int:
    kept = {}

    def keep(tensor):
        if not isinstance(tensor, torch.nn.Parameter):
            kept[tensor.data_ptr()] = tensor.nbytes
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        run(blocks, x.requires_grad_())
    return sum(kept.values())


def test_what_is_kept_does_not_grow_with_depth():
    x = random_inputs(length=40)
    kept = {depth: bytes_kept(reversible, network_of(depth).layers(), x) for depth in (1, 6)}
    assert kept[1] == kept[6] == 2 * x.nbytes
    assert bytes_kept(plain, network_of(6).layers(), x) > 50 * kept[6]


def test_gradients_add_up_over_parts_of_a_batch():
    network = network_of()
    blocks, x = network.layers(), random_inputs(rows=4)
    reversible(blocks, x).square().sum().backward()
    wanted = [each.grad.clone() for each in blocks[0].parameters()]
    network.zero_grad()
    for part in x.split(1):
        reversible(blocks, part).square().sum().backward()
    found = [each.grad for each in blocks[0].parameters()]
    assert_close(found, wanted, atol=1e-9, rtol=1e-9)


def test_autocast_is_remembered():
    network = network_of().float()
    network.set_dropout(0.2)
    blocks, x = network.layers(), random_inputs().float()

    def low(run):
        def in_bf16(blocks, x):
            with torch.autocast("cpu", torch.bfloat16):
                return run(blocks, x)

        torch.manual_seed(7)
        return taken(in_bf16, blocks, x)

    seen = set()
    hooks = [b.up.register_forward_hook(lambda *call: seen.add(call[2].dtype)) for b in blocks]
    found, wanted = low(reversible), low(plain)
    assert seen == {torch.bfloat16}
    for hook in hooks:
        hook.remove()
    assert found[0].dtype == torch.float32
    assert_close(found[0], wanted[0])
    # Inputs found again differ in the last bit of fp32, which bf16 rounds to another number.
    for one, other in zip(found[2], wanted[2], strict=True):
        assert (one - other).norm() < 0.02 * other.norm()
    assert not torch.is_autocast_enabled("cpu")


def test_autocast_around_both_ways_gives_gradients_too():
    network = network_of().float()
    with torch.autocast("cpu", torch.bfloat16):
        reversible(network.layers(), random_inputs().float()).sum().backward()
    assert all(each.grad is not None for each in network.blocks.parameters())


def test_frozen_parameters_stay_without_gradients():
    network = network_of()
    network.blocks[1].requires_grad_(False)
    network.blocks[2].attention.requires_grad_(False)
    reversible(network.layers(), random_inputs()).square().sum().backward()
    for each in network.blocks.parameters():
        assert (each.grad is not None) == each.requires_grad


def test_without_gradients_it_is_a_loop():
    network = network_of().eval()
    blocks, x = network.layers(), random_inputs()
    with torch.no_grad():
        found = reversible(blocks, x)
    assert found.grad_fn is None
    assert_close(found, plain(blocks, x), atol=1e-12, rtol=0)
    network.requires_grad_(False)
    assert reversible(blocks, x).grad_fn is None


def test_processes_that_train_together_get_its_gradients(tmp_path):
    network = network_of(2)
    tokens = torch.randint(384, (2, 19), generator=torch.Generator().manual_seed(1))
    wanted = [each.grad for each in gradients(network, network, tokens)]
    store = distributed.FileStore(str(tmp_path / "store"), 1)
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        joined = DistributedDataParallel(copy.deepcopy(network).requires_grad_(True))
        for _ in range(2):  # a second one fails where the first missed a parameter
            joined.zero_grad()
            found = [each.grad for each in gradients(joined, joined.module, tokens)]
        assert_close(found, wanted, atol=1e-9, rtol=1e-9)
    finally:
        distributed.destroy_process_group()


def gradients(call, network: GPT, tokens: torch.Tensor):
    logits, _ = call(tokens)
    logits.square().mean().backward()
    return list(network.parameters())
