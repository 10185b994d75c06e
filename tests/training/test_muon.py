import pytest
import torch
from torch.testing import assert_close

from writer.training.muon import Muon, orthogonalized


def random_matrices(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("shape", [(3, 16, 64), (2, 64, 16), (1, 32, 128), (2, 1, 8)])
@pytest.mark.parametrize("size", [1e-4, 1.0, 1e4])
def test_all_singular_values_come_near_1(shape, size):
    values = torch.linalg.svdvals(orthogonalized(random_matrices(*shape) * size))
    assert values.min() > 0.5
    assert values.max() < 1.3


def test_directions_stay():
    matrix = random_matrices(1, 16, 64)
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    found = u.mT @ orthogonalized(matrix) @ v.mT
    off = found - torch.diag_embed(found.diagonal(dim1=-2, dim2=-1))
    assert off.abs().max() < 1e-3


def test_a_batch_is_each_by_itself():
    matrices = random_matrices(3, 8, 24)
    alone = torch.cat([orthogonalized(each[None]) for each in matrices])
    assert_close(orthogonalized(matrices), alone)


def test_no_gradient_is_no_step():
    assert_close(orthogonalized(torch.zeros(2, 4, 8)), torch.zeros(2, 4, 8))


def test_a_step_goes_downhill_as_far_as_the_rate_says():
    matrix = torch.nn.Parameter(random_matrices(16, 64))
    before = matrix.detach().clone()
    gradient = random_matrices(1, 16, 64)[0] * 100
    matrix.grad = gradient.clone()
    Muon([matrix], lr=0.01).step()
    step = matrix.detach() - before
    assert (step * gradient).sum() < 0
    values = torch.linalg.svdvals(step)
    assert 0.005 < values.min() <= values.max() < 0.013


def test_a_parameter_without_gradient_stays():
    matrix = torch.nn.Parameter(torch.ones(4, 4))
    Muon([matrix], weight_decay=0.1).step()
    assert torch.equal(matrix, torch.ones(4, 4))
