"""Models made on the spot, small enough to be read, run and thrown away in a blink."""

import json
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from writer.checkpoints.bpe import BPETokenizer, train_bpe
from writer.checkpoints.folder import Model
from writer.errors import WriterError
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT

PROSE = (
    "The rain had not stopped since noon. Margaret stood at the window and counted the lamps.\n\n"
    "“You are late,” said Mr. Bell. “The boat left an hour ago!” She took off her wet gloves.\n\n"
    "The old house smelled of tea, of coal, and of the sea. Nobody had lit the fire.\n\n"
    "雨停了，他走进屋子。屋里没有人。“有人吗？”他说。Élodie déjà vu — naïve café. 🙂🙂\n\n"
)


@cache
def tiny_tokenizer(vocab_size: int = 384) -> BPETokenizer:
    return train_bpe(iter([PROSE] * 3), vocab_size)


def random_network(seed: int = 1, **config: Any) -> GPT:
    """Every parameter is random, norms, biases and branches too, so that each of them tells."""
    sizes = {"vocab_size": 384, "n_embd": 32, "n_layer": 2, "n_head": 2, "n_ctx": 64}
    network = GPT(GPTConfig(**{**sizes, **config})).eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in network.named_parameters():
        parameter.normal_(0, 0.25, generator=generator)
        if "norm" in name and name.endswith("weight"):
            parameter.add_(1)
    return network


def tiny_model(seed: int = 1, **config: Any) -> Model:
    return Model("tiny", random_network(seed, **config), tiny_tokenizer())


def change(path: Path, **values: Any) -> None:
    """Change what a `config.json` says."""
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, **values}))


def refusal(read: Callable[[Path], object], path: Path) -> WriterError:
    """Return the one sentence with which a model is refused."""
    with pytest.raises(WriterError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value.fields["reason"])) in range(5, 200)
    return caught.value


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Tiny matrices lose by being shared out (40 times on a busy machine); runs must repeat."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def transformers() -> ModuleType:
    """Imported only by the tests that hold our models against it; its own warnings are its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import transformers
    return transformers
