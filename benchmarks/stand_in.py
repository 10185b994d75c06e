"""A GPT-2 of 124M parameters made on the spot, and texts of made-up words to feed it.

Speed does not depend on what weights say, so they are random. The tokenizer has GPT-2's 50,257
tokens: syllables and words made of them, so that a text of n words has n tokens. Nothing that would
end a continuation early, such as a full stop, is ever likely.
"""

import random
from itertools import islice, product
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from writer.checkpoints.bpe import END_OF_TEXT, BPETokenizer
from writer.checkpoints.folder import write_model
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT

_SYLLABLES = ["".join(pair) for pair in product("bcdfghjklmnpqrstvwxz", "aeiou")]
_SPACE = "\u0120"  # GPT-2's letter for a space


XL = GPTConfig(n_embd=1600, n_layer=48, n_head=25)
"""The shape of the largest GPT-2, of 1.5 billion parameters."""


def make_model(
    folder: Path,
    seed: int = 0,
    config: GPTConfig = GPTConfig(),  # noqa: B008 - it is frozen
    dtype: torch.dtype = torch.float32,
) -> Path:
    """Write a model, by default of GPT-2's smallest shape, into `folder` and return it."""
    torch.manual_seed(seed)
    with torch.device("meta"):
        network = GPT(config, initialized=False).to(dtype).requires_grad_(False)
    network.to_empty(device="cpu")
    network.head.weight = network.tokens.weight
    for name, parameter in network.named_parameters():
        if parameter.ndim == 2:
            parameter.normal_(0, 0.02)
        else:
            parameter.fill_(float(name.endswith("norm.weight")))
    tokenizer = _tokenizer(config.vocab_size)
    unlikely = [
        token for token in range(config.vocab_size) if len(tokenizer.token_bytes(token)) < 2
    ]
    network.tokens.weight[unlikely] = 0  # the tied head then never has them among the likeliest
    write_model(folder, network, tokenizer, dtype)
    return folder


def make_words(count: int, seed: int = 0) -> list[str]:
    """Return `count` made-up words, each a token with the space before it."""
    chance = random.Random(seed)
    return ["".join(chance.choices(_SYLLABLES, k=2)) for _ in range(count)]


def make_text(words: list[str]) -> str:
    """Return the words as a text of as many tokens."""
    return "".join(f" {word}" for word in words)


def _tokenizer(vocab_size: int) -> BPETokenizer:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [(syllable[0], syllable[1]) for syllable in _SYLLABLES]
    merges += [(_SPACE, syllable) for syllable in _SYLLABLES]
    pairs = [(_SPACE + one, two) for one, two in product(_SYLLABLES, repeat=2)]
    triples = ((one + two, three) for (one, two), three in product(pairs, _SYLLABLES))
    merges += pairs
    merges += islice(triples, vocab_size - 1 - len(alphabet) - len(merges))
    tokens = [END_OF_TEXT, *alphabet, *(one + two for one, two in merges)]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([END_OF_TEXT])
    return BPETokenizer(tokenizer)
