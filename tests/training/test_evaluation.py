import math

import pytest
import torch

from tests.checkpoints.tiny_models import PROSE, random_network, tiny_tokenizer
from writer.training.evaluation import bits_per_byte

TEXT = PROSE[:300]


def naive(network, tokenizer, text, stride):
    """Score token by token, each by a window of its own."""
    ids = [tokenizer.end_id, *tokenizer.encode(text)]
    size = network.config.n_ctx
    nats = 0.0
    for place in range(1, len(ids)):
        if place <= size:
            first = 0
        else:
            end = min(size + 1 + -(-(place - size) // stride) * stride, len(ids))
            first = end - size - 1
        logits, _ = network(torch.tensor([ids[first:place]]))
        nats -= logits[0, -1].log_softmax(dim=0)[ids[place]].item()
    return nats / math.log(2) / len(text.encode())


@pytest.mark.parametrize("stride", [1, 7, 32, 63, 64, 512])
@pytest.mark.parametrize("text", [TEXT, TEXT[:20], "x"], ids=["long", "short", "letter"])
def test_every_byte_counts_once(stride, text):
    network, tokenizer = random_network(), tiny_tokenizer()
    shares = []
    found = bits_per_byte(network, tokenizer, text, stride, shares.append)
    assert math.isclose(found, naive(network, tokenizer, text, min(stride, 64)), rel_tol=1e-4)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_knowing_nothing_costs_the_same_for_every_token():
    network, tokenizer = random_network(), tiny_tokenizer()
    network.norm.weight.zero_()
    network.norm.bias.zero_()
    wanted = math.log2(384) * len(tokenizer.encode(TEXT)) / len(TEXT.encode())
    assert math.isclose(bits_per_byte(network, tokenizer, TEXT), wanted, rel_tol=1e-5)
