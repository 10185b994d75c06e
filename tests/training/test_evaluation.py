import math
from itertools import pairwise

import pytest
import torch

from tests.checkpoints.tiny_models import PROSE, random_network, tiny_tokenizer
from writer.checkpoints.characters import learn_characters
from writer.training.evaluation import (
    _spread,
    loss_by_position,
    perplexity_by_place,
    score,
    tokens_digest,
)

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


def test_loss_by_position_is_the_mean_over_windows_within_texts():
    network, tokenizer = random_network(), tiny_tokenizer()
    texts = [PROSE * 2, "Too short.", PROSE]
    found = loss_by_position(network, tokenizer, texts, windows=1000)
    ids = [torch.tensor(tokenizer.encode(text)) for text in texts]
    places = _spread([len(each) - 65 for each in ids], 1000, 64)
    assert found.tokens == 64 * len(places)
    assert {text for text, _ in places} == {0, 2}
    losses = torch.zeros(64, dtype=torch.float64)
    for text, start in places:
        window = ids[text][start : start + 65]
        logits, _ = network(window[None, :-1])
        losses -= logits[0].log_softmax(dim=1).gather(1, window[1:, None])[:, 0] / len(places)
    assert [(each.first, each.end) for each in found.stretches] == [(0, 16), (16, 64)]
    for each in found.stretches:
        assert each.loss == pytest.approx(losses[each.first : each.end].mean().item(), abs=1e-6)


def test_the_head_is_given_a_part_at_a_time(monkeypatch):
    network, tokenizer = random_network(), tiny_tokenizer()
    whole = loss_by_position(network, tokenizer, [PROSE])
    monkeypatch.setattr("writer.training.evaluation._HEAD_TOKENS", 7)
    parts = loss_by_position(network, tokenizer, [PROSE])
    losses = [[each.loss for each in found.stretches] for found in (whole, parts)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)


@pytest.mark.parametrize("rooms", [[0], [100], [-5, 640, 64, -1, 1000]])
@pytest.mark.parametrize("windows", [1, 3, 7, 1000])
def test_windows_are_spread_and_do_not_overlap(rooms, windows):
    places = _spread(rooms, windows, 64)
    assert 1 <= len(places) <= windows
    assert places == sorted(set(places))
    for (text, start), (other, following) in pairwise(places):
        assert text != other or following - start >= 64
    assert all(0 <= start <= rooms[text] for text, start in places)


@pytest.mark.parametrize("texts", [[], [""], ["", ""]])
def test_of_no_text_nothing_is_known(texts):
    assert loss_by_position(random_network(), tiny_tokenizer(), texts).stretches == ()


def test_other_tokens_have_another_digest():
    assert tokens_digest(tiny_tokenizer()) == tokens_digest(tiny_tokenizer())
    assert tokens_digest(tiny_tokenizer()) != tokens_digest(tiny_tokenizer(400))
