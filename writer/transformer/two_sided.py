"""Networks that fill gaps, reading both sides: by permutation (XLNet), by masking (BERT).

They stand beside those that go on with a text for comparison. Here is what of a text is hidden
from them and how they read the rest; what is lost on it is not known here.
"""

from typing import TYPE_CHECKING, NamedTuple, cast

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from writer.transformer.config import GPTConfig
from writer.transformer.dense import DenseAttention
from writer.transformer.recurrent import RelativeAttention, by_distance, sinusoids

if TYPE_CHECKING:
    from writer.transformer.block import Block
    from writer.transformer.gpt import GPT, Whole

_HIDDEN_SHARE = 1 / 6
"""Of a text's tokens; BERT hides 15 %, XLNet predicts a sixth."""
_MEAN_GAP = 8
"""Tokens: some six words, as what a writer leaves out."""


class TwoSided(nn.Module):
    """What such a network has beyond the others: a vector for a token that is not to be seen.

    A masked network has it in place of the token's own; in a permuted one the query stream starts
    from it.
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.mask = nn.Parameter(torch.empty(config.n_embd))

    def start(self) -> None:
        """Give it the value that training starts from."""
        nn.init.normal_(self.mask, std=0.02)


class BidirectionalAttention(DenseAttention):
    """Every token looks at the whole text (BERT, 1810.04805)."""

    def whole(self, x: torch.Tensor) -> torch.Tensor:
        """See `Attention`."""
        query, key, value = self.projected(x, 0)
        return self.joined(F.scaled_dot_product_attention(query, key, value, scale=self.scale))


class Seen(NamedTuple):
    """What one layer of a permuted network offers to be looked at."""

    keys: torch.Tensor  # (B, H, T, D)
    values: torch.Tensor  # (B, H, T, D)
    distances: torch.Tensor  # (H, 2 T - 1, D): of T - 1 back, down to T - 1 ahead


class TwoStreamAttention(RelativeAttention):
    """Relative attention in any order, of tokens and of places whose tokens are not known (XLNet).

    Of left-to-right order the first is Transformer-XL without a memory (1906.08237, 2.3).
    """

    def offered(self, content: torch.Tensor) -> Seen:
        """Return what tokens, content (B, T, E), offer to be looked at."""
        keys, values = self.split(self.qkv.key(content)), self.split(self.qkv.value(content))
        return Seen(keys, values, self.signed_table(content.shape[1]).to(keys.dtype))

    def signed_table(self, length: int) -> torch.Tensor:
        """Return the vectors (H, 2 T - 1, D) of all distances in a text of T = `length` tokens.

        From T - 1 back down to T - 1 ahead: the sine of a distance ahead is minus that of one back.
        """
        like, width = self.content_bias, self.distances.in_features
        back = sinusoids(1 << (length - 1).bit_length(), width, like.device)[-length:]
        ahead = back[:-1].flip(0).clone()
        ahead[:, : (width + 1) // 2] *= -1  # the sines
        vectors = self.distances(torch.cat((back, ahead)).to(like.dtype))
        return self.split(vectors[None])[0]

    def look(
        self, x: torch.Tensor, seen: Seen, places: torch.Tensor, visible: torch.Tensor
    ) -> torch.Tensor:
        """Return what x (B, N, E) at places (B, N) reads where visible (B, N, T), (B, N, E).

        What sees nothing reads zero.
        """
        content, position = self.queries(self.split(self.qkv.query(x)))
        length = seen.keys.shape[2]
        ahead = torch.arange(length, device=x.device) - places[:, :, None]  # (B, N, T)
        index = (ahead + length - 1)[:, None].expand(-1, self.heads, -1, -1)
        bias = by_distance(position, seen.distances).gather(3, index)
        scores = content @ seen.keys.transpose(2, 3) * self.scale + bias  # (B, H, N, T)
        hidden = ~visible[:, None]
        # Finite, then zero: a row of nothing but minus infinity would have no gradient.
        scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1).masked_fill(hidden, 0)
        return self.joined(weights.to(seen.values.dtype) @ seen.values)


def read_masked(network: "GPT", tokens: torch.Tensor, hidden: torch.Tensor) -> "Whole":
    """Read texts (B, T) by a masked network, which does not see the `hidden` ones (B, T).

    Raises:
        ValueError: They do not fit in n_ctx.
    """
    x = _embedded(network, tokens)
    x = torch.where(hidden[:, :, None], _vector(network).to(x.dtype), x)
    if network.positions is not None:
        x = x + network.positions(torch.arange(tokens.shape[1], device=tokens.device))
    return network.through(F.dropout(x, network.dropout, network.training))


def read_permuted(
    network: "GPT", tokens: torch.Tensor, ranks: torch.Tensor, places: torch.Tensor
) -> torch.Tensor:
    """Read texts (B, T) by a permuted network, in the order of their ranks (B, T).

    A token sees itself and what has a lower rank or its own; a place, what has a lower rank than
    its token.

    Args:
        network: Of objective `permutation`.
        tokens: The texts.
        ranks: Whole numbers. Tokens of one rank see each other.
        places: Positions (B, N) that are asked for.

    Returns:
        The normed output (B, N, E) of the query stream at those places.

    Raises:
        ValueError: The texts do not fit in n_ctx.
    """
    content = F.dropout(_embedded(network, tokens), network.dropout, network.training)
    query = _vector(network).to(content.dtype).expand(*places.shape, -1)
    query = F.dropout(query, network.dropout, network.training)
    everywhere = torch.arange(tokens.shape[1], device=tokens.device).expand_as(tokens)
    by_token = ranks[:, None, :] <= ranks[:, :, None]  # (B, T, T)
    by_place = ranks[:, None, :] < ranks.gather(1, places)[:, :, None]  # (B, N, T)
    layers = network.layers()
    for number, block in enumerate(layers):
        stage = _Stage(block, (everywhere, by_token), (places, by_place), number + 1 < len(layers))
        if network.checkpointing and network.training:
            content, query = checkpoint(stage.through, content, query, use_reentrant=False)
        else:
            content, query = stage.through(content, query)
    features: torch.Tensor = network.norm(query)
    return features


class _Stage(NamedTuple):
    """One block, with where the two streams stand and what they may look at."""

    block: "Block"
    by_token: tuple[torch.Tensor, torch.Tensor]
    by_place: tuple[torch.Tensor, torch.Tensor]
    goes_on: bool
    """Whether another block will look at the tokens."""

    def through(
        self, content: torch.Tensor, query: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the content stream (B, T, E) and the query stream (B, N, E) further on."""
        block = self.block
        attention = cast(TwoStreamAttention, block.attention)
        normed = block.attention_norm(content)
        seen = attention.offered(normed)
        read = attention.look(block.attention_norm(query), seen, *self.by_place)
        query = query + F.dropout(read, block.dropout, block.training)
        query = query + block.thought(query)[0]
        if self.goes_on:
            read = attention.look(normed, seen, *self.by_token)
            content = content + F.dropout(read, block.dropout, block.training)
            content = content + block.thought(content)[0]
        return content, query


class Asked(NamedTuple):
    """What training asks such a network for."""

    features: torch.Tensor  # (N, E), normed: what the head takes
    targets: torch.Tensor  # (N,)
    penalty: torch.Tensor | None
    """What the loss is to have added in training, already weighted."""


def two_sided_loss_inputs(
    network: "GPT", windows: torch.Tensor, generator: torch.Generator
) -> Asked:
    """Hide gaps in windows (B, T + 1) and return what is made of them, and what they were.

    The last token of each window is not read: the windows are those of networks that go on. In a
    permuted network the tokens outside of the gaps see each other, and then those of all gaps
    follow in an order of chance.

    Args:
        network: Of objective `masked` or `permutation`.
        windows: The texts.
        generator: On the CPU; decides the gaps and the order.

    Raises:
        ValueError: The windows do not fit in n_ctx.
    """
    tokens = windows[:, :-1]
    hidden = draw_gaps(tokens.shape[0], tokens.shape[1], generator)
    places = hidden.nonzero()[:, 1].view(len(tokens), -1)  # (B, N): of each row as many
    order = torch.rand(places.shape, generator=generator).argsort(dim=1) + 1
    ranks = torch.zeros(tokens.shape, dtype=torch.long).scatter(1, places, order)
    hidden, places, ranks = (each.to(tokens.device) for each in (hidden, places, ranks))
    targets = tokens.gather(1, places).flatten()
    if network.config.objective == "permutation":
        features = read_permuted(network, tokens, ranks, places)
        return Asked(features.flatten(0, 1), targets, None)
    whole = read_masked(network, tokens, hidden)
    return Asked(whole.features[hidden], targets, whole.penalty)


def draw_gaps(rows: int, length: int, generator: torch.Generator) -> torch.Tensor:
    """Return which tokens of texts are hidden, bool (rows, length): a sixth, as many in each row.

    Gaps have geometric lengths and do not touch (as SpanBERT's, 1907.10529, but longer).
    """
    count = max(1, round(length * _HIDDEN_SHARE))
    hidden = torch.zeros(rows, length, dtype=torch.bool)
    for row in hidden:
        lengths = torch.empty(count).geometric_(1 / _MEAN_GAP, generator=generator).long()
        ends = lengths.cumsum(0).clamp(max=count)
        lengths = ends.diff(prepend=ends.new_zeros(1))
        lengths = lengths[lengths > 0]  # the last one cut short: they fill `count` exactly
        lengths = lengths[torch.randperm(len(lengths), generator=generator)]
        before = torch.randperm(length - count + 1, generator=generator)[: len(lengths)]
        shown = before.sort().values.repeat_interleave(lengths)  # tokens seen before each hidden
        row[shown + torch.arange(count)] = True
    return hidden


def _embedded(network: "GPT", tokens: torch.Tensor) -> torch.Tensor:
    if tokens.shape[1] > network.n_ctx:
        raise ValueError(f"{tokens.shape[1]} tokens do not fit in n_ctx {network.n_ctx}")
    x: torch.Tensor = network.tokens(tokens)
    return x


def _vector(network: "GPT") -> torch.Tensor:
    assert network.two_sided is not None
    return network.two_sided.mask
