import pytest
import torch
from torch.nn import functional as F

from tests.checkpoints.tiny_models import PROSE, one_thread, tiny_tokenizer
from writer.checkpoints.folder import Model
from writer.transformer.config import GPTConfig
from writer.transformer.gpt import GPT

__all__ = ["one_thread"]


@pytest.fixture(scope="session")
def taught() -> Model:
    """A model that has learned a page by heart, so that what it says can be foreseen."""
    torch.manual_seed(0)
    tokenizer = tiny_tokenizer()
    network = GPT(GPTConfig(vocab_size=384, n_embd=64, n_layer=2, n_head=4, n_ctx=128))
    ids = [tokenizer.end_id, *tokenizer.encode(PROSE), *tokenizer.encode(PROSE)]
    page = torch.tensor(ids)
    optimizer = torch.optim.AdamW(network.parameters(), lr=4e-3)
    for _ in range(120):
        starts = [0, *torch.randint(len(page) - 65, (5,)).tolist()]
        windows = torch.stack([page[start : start + 65] for start in starts])
        logits, _ = network(windows[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return Model("taught", network.eval().requires_grad_(False), tokenizer)
