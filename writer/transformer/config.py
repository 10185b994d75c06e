"""The shape of a network, under the names that `config.json` gives it.

A plain GPT-2 has Hugging Face's names alone. Our own keys name one of the long-context family: a
kind for each of six families, and the sizes that a kind needs, which have no defaults: what a
network means must stand in its file. See `variants` for which kinds go together.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GPTConfig:
    """Everything that the network needs to be built; the defaults are GPT-2 small."""

    vocab_size: int = 50257
    n_ctx: int = 1024
    """The longest text read at once, in tokens; so many positions are learned where they are."""
    n_embd: int = 768
    n_layer: int = 12
    n_head: int = 12
    n_inner: int | None = None
    """Width of the feed-forward; None means 4 x n_embd."""
    activation_function: str = "gelu_new"
    layer_norm_epsilon: float = 1e-5
    tie_word_embeddings: bool = True
    scale_attn_weights: bool = True
    scale_attn_by_inverse_layer_idx: bool = False

    position_embedding: str = "learned"
    attention: str = "dense"
    memory: str = "none"
    blocks: str = "standard"
    feed_forward: str = "dense"
    objective: str = "causal"

    trained_positions: int | None = None
    """Interpolated positions: how many are learned; n_ctx are read between them."""
    rotary_base: float | None = None
    """Rotary positions: the longest wavelength is 2 pi times this, in tokens."""
    segment_length: int | None = None
    """Tokens of a segment: of two-level positions, of hierarchical attention, of recurrence."""
    attention_window: int | None = None
    """Tokens that a query looks at, itself included: of a band, of Longformer's first layer."""
    last_window: int | None = None
    """Longformer: the window of the last layer; between the two it grows evenly."""
    dilation: int | None = None
    """Longformer: the distance between the tokens that dilated heads look at."""
    dilated_heads: int | None = None
    global_tokens: int | None = None
    """Longformer: how many first tokens everything looks at, by projections of their own."""
    block_size: int | None = None
    """Big Bird: tokens of a block."""
    global_blocks: int | None = None
    window_blocks: int | None = None
    """Big Bird: blocks that are looked at before a query's own."""
    random_blocks: int | None = None
    summary_length: int | None = None
    """Hierarchical attention: tokens that are seen as one once their segment is over."""
    hash_buckets: int | None = None
    hash_rounds: int | None = None
    bucket_window: int | None = None
    """Reformer: how many of the last tokens of its bucket a query looks at, itself included."""
    random_features: int | None = None
    """Performer: features of each head."""
    attention_seed: int | None = None
    """What random blocks, hashes and features are drawn from."""
    memory_length: int | None = None
    """Tokens before its own that a query looks at, by keys and values that are kept."""
    compressed_length: int | None = None
    """Compressive memory: slots behind the tokens that are kept as they are."""
    compression_rate: int | None = None
    """Compressive memory: tokens that become one slot."""
    experts: int | None = None
    expert_capacity: float | None = None
    """Switch: times its even share that an expert takes of a text's tokens, in training."""
    expert_balance: float | None = None
    """Switch: the weight of the loss that keeps the shares even."""

    @property
    def inner(self) -> int:
        """Return the width of the feed-forward."""
        return 4 * self.n_embd if self.n_inner is None else self.n_inner

    @property
    def head_width(self) -> int:
        """Return the width of one attention head."""
        return self.n_embd // self.n_head

    def attention_scale(self, layer: int) -> float:
        """Return what the scores of `layer` (from 0) are multiplied by."""
        scale = float(self.head_width) ** -0.5 if self.scale_attn_weights else 1.0
        return scale / (layer + 1) if self.scale_attn_by_inverse_layer_idx else scale

    def size(self, key: str) -> int:
        """Return the whole number that `key` has, one that the kinds chosen need."""
        value = getattr(self, key)
        assert isinstance(value, int), key
        return value
