"""Card: what a model is, as far as its files tell without being read whole. A plain value."""

from dataclasses import dataclass, field
from pathlib import Path

from writer.shelf.reading import Reading

GPT2 = "gpt2"


@dataclass(frozen=True, slots=True)
class Card:
    """What can be said of a model before it is loaded."""

    path: Path
    """Its folder, or its GGUF file."""
    kind: str
    """`GPT2`, or another `model_type` of transformers', or a GGUF's architecture."""
    format: str
    """What holds its weights: “safetensors”, “safetensors, 3 files”, “PyTorch”, “GGUF Q8_0”."""
    parameters: int
    n_ctx: int
    """Tokens that it reads at once."""
    vocabulary: int
    """Tokens that it has."""
    tokenizer: str
    """“byte-level BPE”, “Chinese characters”, “Chinese words”, “SentencePiece”."""
    language: str
    """A code such as “en”; several with commas; empty where nothing tells."""
    licence: str
    """As its card or file says it; empty where nothing does."""
    size_bytes: int
    """Of all its files on the disk."""
    memory_bytes: dict[str, int]
    """What it takes at work with a full context, loading included, by `Precision` value."""
    memory_by_length: dict[int, dict[str, int]] = field(default_factory=dict)
    """The same by tokens of context, where it is known: an estimate, as that is."""
    reading: Reading | None = None
    """Loss by position in the context, where that was measured."""
