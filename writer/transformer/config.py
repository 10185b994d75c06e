"""The shape of a GPT-2, under the names that Hugging Face's `config.json` gives it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GPTConfig:
    """Everything that the network needs to be built; the defaults are GPT-2 small."""

    vocab_size: int = 50257
    n_ctx: int = 1024
    """Positions learned, hence the longest text read at once, in tokens."""
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
