"""Random numbers that a network is made of and that are drawn anew where it is read.

It knows nothing of what is drawn.
"""

from hashlib import sha256

import torch


def generator(*numbers: int) -> torch.Generator:
    """Return the generator that belongs to `numbers`, such as a seed and a layer.

    It draws on the processor, the same on every machine. Neighbouring numbers have nothing in
    common: torch itself seeds by the lowest 32 bits alone.
    """
    digest = sha256(",".join(map(str, numbers)).encode()).digest()
    return torch.Generator(device="cpu").manual_seed(int.from_bytes(digest[:4], "little"))
