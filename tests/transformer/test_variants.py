from dataclasses import asdict, fields, replace

import pytest

from tests.transformer.family import FAMILY
from writer.transformer import variants
from writer.transformer.config import GPTConfig
from writer.transformer.variants import KINDS, NEEDS, check, is_plain, needed, own_keys

FITTING = {
    "trained_positions": 16, "rotary_base": 100.0, "segment_length": 8, "attention_window": 5,
    "last_window": 8, "dilation": 2, "dilated_heads": 1, "global_tokens": 2, "block_size": 4,
    "global_blocks": 1, "window_blocks": 1, "random_blocks": 1, "summary_length": 4,
    "hash_buckets": 4, "hash_rounds": 2, "bucket_window": 6, "random_features": 64,
    "attention_seed": 3, "memory_length": 12, "compressed_length": 4, "compression_rate": 3,
    "experts": 2, "expert_capacity": 1.25, "expert_balance": 0.01,
}  # fmt: skip
CHOICES = [(family, kind) for family, kinds in KINDS.items() for kind in kinds]
REFUSED = [
    (family, kind, other, found)
    for family, kind, other, fitting in variants._ALONE
    for found in KINDS[other]
    if found not in fitting
]
SIZES = {"n_ctx": 64, "n_embd": 32, "n_head": 2, "n_layer": 2}


def of_kinds(**kinds: str) -> GPTConfig:
    """These kinds with all keys that they need, whether they go together or not."""
    config = GPTConfig(**SIZES, **kinds)
    return replace(config, **{key: FITTING[key] for key in needed(config)})


def fitting(family: str, kind: str) -> GPTConfig:
    """This kind with the plain ones, or the first ones that it goes with."""
    kinds = {family: kind}
    for _ in range(len(KINDS)):
        for one, chosen, other, allowed in variants._ALONE:
            if kinds.get(one) == chosen and kinds.get(other, KINDS[other][0]) not in allowed:
                kinds[other] = allowed[0]
    return of_kinds(**kinds)


def complaint(config: GPTConfig) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        check(config)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_key_of_a_size_is_needed_by_some_kind():
    ours = {field.name for field in fields(GPTConfig) if field.default is None} - {"n_inner"}
    assert {key for keys in NEEDS.values() for key in keys} == ours == set(FITTING)
    assert set(NEEDS) <= set(CHOICES)
    assert all(GPTConfig.__dataclass_fields__[key].default == kinds[0]
               for key, kinds in KINDS.items())  # fmt: skip


@pytest.mark.parametrize(("family", "kind"), CHOICES)
def test_every_kind_can_be_had(family, kind):
    check(fitting(family, kind))


@pytest.mark.parametrize("config", FAMILY.values(), ids=FAMILY)
def test_combinations_that_make_sense_are_allowed(config):
    check(GPTConfig(**SIZES, **config))


@pytest.mark.parametrize(
    ("family", "kind", "key"), [(*choice, key) for choice, keys in NEEDS.items() for key in keys]
)
def test_a_missing_key_is_named_with_who_needs_it(family, kind, key):
    config = replace(fitting(family, kind), **{key: None})
    said = complaint(config)
    assert f"{key} is missing" in said
    assert f"{family} {kind}" in said


@pytest.mark.parametrize("key", FITTING)
def test_a_key_that_nothing_reads_is_refused(key):
    said = complaint(GPTConfig(**SIZES, **{key: FITTING[key]}))
    assert f"{key} is {FITTING[key]}" in said
    readers = [f"{family} {kind}" for (family, kind), keys in NEEDS.items() if key in keys]
    assert all(reader in said for reader in readers)


@pytest.mark.parametrize(("family", "kind", "other", "found"), REFUSED)
def test_kinds_that_do_not_go_together_are_both_named(family, kind, other, found):
    said = complaint(of_kinds(**{family: kind, other: found}))
    # Where more than one pair does not fit, any of them may be told.
    assert any(
        f"{one} {chosen} goes with {another}" in said and f"not with {wrong}" in said
        for one, chosen, another, wrong in REFUSED
        if {one: chosen, another: wrong}.items()
        <= {**{key: kinds[0] for key, kinds in KINDS.items()}, family: kind, other: found}.items()
    ), said


@pytest.mark.parametrize("family", KINDS)
@pytest.mark.parametrize("wrong", ["sparse", "", None, 1, "Dense"])
def test_kinds_that_there_are_not_are_named_with_those_there_are(family, wrong):
    said = complaint(GPTConfig(**SIZES, **{family: wrong}))
    assert family in said
    assert repr(wrong) in said
    assert all(kind in said for kind in KINDS[family])


@pytest.mark.parametrize("key", variants._WITHIN_N_CTX)
def test_sizes_beyond_n_ctx_are_named_with_both_values(key):
    family, kind = next(choice for choice, keys in NEEDS.items() if key in keys)
    fits = fitting(family, kind)
    if key == "attention_window" and fits.last_window is not None:
        fits = replace(fits, last_window=64)
    check(replace(fits, **{key: 64}))
    said = complaint(replace(fits, **{key: 68}))
    assert key in said
    assert "68" in said
    assert "64" in said


@pytest.mark.parametrize("key", FITTING)
@pytest.mark.parametrize("wrong", [-1, True, "8", float("nan"), float("inf"), 1 << 40, [8]])
def test_sizes_that_are_none_are_refused(key, wrong):
    family, kind = next(choice for choice, keys in NEEDS.items() if key in keys)
    said = complaint(replace(fitting(family, kind), **{key: wrong}))
    assert f"{key} is {wrong!r:.40}" in said


@pytest.mark.parametrize("key", FITTING)
def test_zero_and_fractions_only_where_they_mean_something(key):
    family, kind = next(choice for choice, keys in NEEDS.items() if key in keys)
    fits = fitting(family, kind)
    if key in variants._FROM_ZERO:
        check(replace(fits, **{key: 0}))
    elif key in variants._NUMBERS:
        check(replace(fits, **{key: 1.5}))
        check(replace(fits, **{key: variants._NUMBERS[key]}))
        below = variants._NUMBERS[key] - 0.1
        assert f"{key} is {below}" in complaint(replace(fits, **{key: below}))
    else:
        assert f"{key} is 0" in complaint(replace(fits, **{key: 0}))
    if key not in variants._NUMBERS:
        assert f"{key} is 1.5" in complaint(replace(fits, **{key: 1.5}))


@pytest.mark.parametrize("key", variants._MOST)
def test_more_than_a_network_can_be_made_of_is_refused(key):
    family, kind = next(choice for choice, keys in NEEDS.items() if key in keys)
    most = variants._MOST[key]
    check(replace(fitting(family, kind), **{key: most}))
    assert f"{key} is {2 * most}" in complaint(replace(fitting(family, kind), **{key: 2 * most}))


@pytest.mark.parametrize(
    ("kinds", "changed", "named"),
    [
        ({"attention": "longformer"}, {"last_window": 3}, ("last_window", "3", "5")),
        ({"attention": "longformer"}, {"dilated_heads": 3}, ("dilated_heads", "3", "n_head", "2")),
        ({"attention": "hierarchical"}, {"summary_length": 3}, ("segment_length", "8", "3")),
        ({"attention": "reformer"}, {"hash_buckets": 5}, ("hash_buckets", "5")),
        ({"attention": "performer"}, {"random_features": 8}, ("random_features", "8", "16")),
        ({"position_embedding": "rotary"}, {"n_embd": 6}, ("rotary", "3")),
        (
            {"memory": "compressive", "position_embedding": "relative"},
            {"compression_rate": 13},
            ("memory_length", "12", "compression_rate", "13"),
        ),
    ],
)
def test_sizes_that_contradict_each_other_are_both_named(kinds, changed, named):
    config = of_kinds(**kinds)
    check(config)
    said = complaint(replace(config, **changed))
    assert all(part in said for part in named), said


def test_a_plain_network_has_no_keys_of_ours():
    assert is_plain(GPTConfig())
    assert own_keys(GPTConfig()) == {}
    check(GPTConfig())


@pytest.mark.parametrize(("family", "kind"), CHOICES)
def test_own_keys_are_all_that_a_file_must_say(family, kind):
    config = fitting(family, kind)
    assert is_plain(config) == (kind == KINDS[family][0])
    said = own_keys(config)
    shape = {key: each for key, each in asdict(config).items() if key in SIZES}
    assert GPTConfig(**shape, **said) == config
    assert None not in said.values()
