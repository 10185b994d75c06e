import math

import pytest
import torch

from tests.checkpoints.tiny_models import PROSE, random_network, tiny_tokenizer
from writer.checkpoints.characters import learn_characters
from writer.training.evaluation import perplexity_by_place, score

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
    found = score(network, tokenizer, text, stride, shares.append).bits_per_byte
    assert math.isclose(found, naive(network, tokenizer, text, min(stride, 64)), rel_tol=1e-4)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_knowing_nothing_costs_the_same_for_every_token():
    network, tokenizer = random_network(), tiny_tokenizer()
    network.norm.weight.zero_()
    network.norm.bias.zero_()
    wanted = math.log2(384) * len(tokenizer.encode(TEXT)) / len(TEXT.encode())
    assert math.isclose(score(network, tokenizer, TEXT).bits_per_byte, wanted, rel_tol=1e-5)


def test_a_score_is_of_all_bytes_characters_and_words():
    text = "Élodie wept. 雨停了。"
    found = score(random_network(), tiny_tokenizer(), text)
    assert (found.bytes, found.characters, found.words) == (len(text.encode()), len(text), 5)
    assert found.bits_per_character == pytest.approx(found.bits / len(text))
    assert found.perplexity_per_word == pytest.approx(2 ** (found.bits / 5))
    double = found + found
    assert double.bits_per_byte == pytest.approx(found.bits_per_byte)
    assert double.bytes == 2 * found.bytes


def test_what_the_tokens_lose_is_paid_for():
    tokenizer = learn_characters(["雨停了。"], 400)
    network = random_network(vocab_size=448)
    whole, lost = (score(network, tokenizer, text) for text in ("雨停了", "雨 停 了"))
    assert lost.bits == pytest.approx(whole.bits + 40)
    unknown = score(network, tokenizer, "雨停龘")
    known = score(network, tokenizer, "雨停")
    assert unknown.bits > known.bits + 20


def test_perplexity_by_place_covers_the_context():
    network, tokenizer = random_network(), tiny_tokenizer()
    found = perplexity_by_place(network, tokenizer, PROSE)
    places = [place for place, _ in found]
    assert [place.start for place in places] == [0, 16]
    assert places[-1].stop == 64
    network.norm.weight.zero_()
    network.norm.bias.zero_()
    for _, perplexity in perplexity_by_place(network, tokenizer, PROSE):
        assert perplexity == pytest.approx(384, rel=1e-4)
