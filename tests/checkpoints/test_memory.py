"""What is told of a model's memory, against what its parameters and states really are."""

import argparse
from dataclasses import replace

import pytest
import torch

from writer.checkpoints.memory import _entries, gpt2_memory, gpt2_parameters
from writer.commands.shape import add_shape, new_config
from writer.transformer.gpt import GPT

KINDS = [
    [], ["--position-embedding", "rotary"], ["--position-embedding", "hierarchical"],
    ["--attention", "banded"], ["--attention", "longformer"], ["--attention", "bigbird"],
    ["--attention", "hierarchical"], ["--attention", "reformer"], ["--attention", "performer"],
    ["--memory", "recurrent"], ["--memory", "compressive"], ["--blocks", "reversible"],
    ["--feed-forward", "switch"],
]  # fmt: skip


def config_of(kind, n_ctx):
    parser = argparse.ArgumentParser()
    add_shape(parser)
    small = ["--layers", "2", "--width", "64", "--heads", "2", "--n-ctx", str(n_ctx)]
    sizes = {"attention_window": 64, "last_window": 128, "segment_length": 128,
             "memory_length": 128, "compressed_length": 64}  # fmt: skip
    bare = new_config(parser.parse_args([*small, *kind]))
    said = [f"{key}={value}" for key, value in sizes.items() if getattr(bare, key) is not None]
    flags = [part for each in said for part in ("--set", each)]
    return new_config(parser.parse_args([*small, *kind, *flags]))


@pytest.mark.parametrize("kind", KINDS, ids=" ".join)
def test_parameters_are_counted(kind):
    config = config_of(kind, 1024)
    assert gpt2_parameters(config) == sum(each.numel() for each in GPT(config).parameters())


def test_of_a_file_that_asks_for_a_million_layers_no_network_is_made():
    config = replace(config_of(["--feed-forward", "switch"], 1024), n_layer=2)
    many = replace(config, n_layer=1_000_002)
    layer = sum(each.numel() for each in GPT(config).blocks[0].parameters())
    assert gpt2_parameters(many) - gpt2_parameters(config) == 1_000_000 * layer
    assert gpt2_memory(many)["int8"] > 1_000_000 * layer


@pytest.mark.parametrize("kind", KINDS, ids=" ".join)
def test_what_a_text_leaves_behind_is_foretold(kind):
    config = config_of(kind, 2048)
    network = GPT(config).eval()
    text = torch.randint(64, (1, 1024), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        _, state = network.features(text, network.empty_state(torch.bfloat16))
    kept = sum(each.nbytes for each in state.layers) if hasattr(state, "layers") else state.nbytes
    foretold = 2 * config.n_embd * _entries(config, len(text[0])) * 2
    assert 0.7 < foretold / kept < 1.5


def test_only_what_is_bounded_does_not_grow_with_the_context():
    def grown(*kind):
        config = config_of([*kind], 65536)
        short, long = (gpt2_memory(config, length=length)["bf16"] for length in (8192, 65536))
        return long - short

    for kind in (["--attention", "longformer"], ["--attention", "performer"],
                 ["--memory", "recurrent"], ["--memory", "compressive"]):  # fmt: skip
        assert grown(*kind) == 0
    dense, all_keys_and_values = grown("--position-embedding", "rotary"), 2 * 2 * 64 * 57344 * 2
    # The embedding while it is read hides the smallest.
    assert 0.9 * all_keys_and_values < dense <= all_keys_and_values
    # Of two layers one is dense.
    assert grown("--attention", "banded") == all_keys_and_values // 2
