import json
from itertools import pairwise

import gguf
import pytest
import torch
from safetensors.torch import load_file, save_file

from benchmarks.gguf_file import write_gguf
from tests.checkpoints.tiny_models import change, random_network, tiny_tokenizer
from writer import places
from writer.checkpoints.bpe import _byte_of_letter as bytes_to_letters
from writer.checkpoints.card import describe
from writer.checkpoints.characters import CharacterTokenizer
from writer.checkpoints.folder import write_model
from writer.checkpoints.memory import gpt2_memory, gpt2_parameters
from writer.errors import ErrorKind, WriterError
from writer.shelf.card import GPT2
from writer.transformer.config import GPTConfig

HAN = [chr(0x4E00 + number) for number in range(300)]
MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "a model"
    write_model(path, random_network(), tiny_tokenizer(), torch.float32)
    return path


def test_a_folder_is_described(folder):
    card = describe(folder)
    network = random_network()
    assert (card.path, card.kind, card.format) == (folder, GPT2, "safetensors")
    assert card.parameters == sum(each.numel() for each in network.parameters())
    assert (card.n_ctx, card.vocabulary) == (64, 384)
    assert card.tokenizer == "byte-level BPE"
    assert (card.language, card.licence) == ("", "")
    assert card.size_bytes == sum(path.stat().st_size for path in folder.iterdir())
    assert set(card.memory_bytes) == {"int8", "bf16", "fp32"}


def test_the_models_that_come_along_are_described():
    english, chinese = (
        describe(places.bundled_models() / f"fiction-{each}") for each in ("en", "zh")
    )
    assert 7e6 < english.parameters < 7.2e6
    assert english.tokenizer == "byte-level BPE"
    assert (chinese.tokenizer, chinese.language) == ("Chinese characters", "zh")


@pytest.mark.parametrize("config", [{}, {"tie_word_embeddings": False}, {"n_inner": 24}])
def test_parameters_are_counted_as_they_are(config):
    network = random_network(**config)
    assert gpt2_parameters(network.config) == sum(each.numel() for each in network.parameters())


def test_a_header_of_another_shape_is_damage(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "n_positions": 65}))
    with pytest.raises(WriterError, match="json means"):
        describe(folder)


def test_many_files_are_counted(folder):
    weights = load_file(folder / "model.safetensors")
    names = {}
    for number, part in enumerate((list(weights)[::2], list(weights)[1::2]), 1):
        name = f"model-0000{number}-of-00002.safetensors"
        save_file({each: weights[each] for each in part}, folder / name)
        names |= dict.fromkeys(part, name)
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    assert describe(folder).format == "safetensors, 2 files"


def test_pytorchs_own_weights_are_described(folder):
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert describe(folder).format == "PyTorch"


def test_a_gguf_file_is_described(tmp_path):
    path = tmp_path / "one.gguf"
    write_gguf(path, random_network(), tiny_tokenizer(), gguf.GGMLQuantizationType.Q8_0)
    card = describe(path)
    assert card.path == path
    assert card.format == "GGUF Q8_0"
    assert (card.kind, card.n_ctx, card.tokenizer) == (GPT2, 64, "byte-level BPE")
    assert card.parameters == gpt2_parameters(random_network().config)
    assert card.size_bytes == path.stat().st_size
    assert describe(tmp_path).parameters == card.parameters


def test_nothing_is_read_whole(folder):
    """Of the weights only the header counts: what stands behind it may be anything."""
    path = folder / "model.safetensors"
    before = describe(folder)
    data = path.read_bytes()
    header = 8 + int.from_bytes(data[:8], "little")
    path.write_bytes(data[:header] + b"\xff" * (len(data) - header))
    assert describe(folder) == before


DAMAGES = {
    "header": b"\xff" * 8 + b"{}",
    "long": (1 << 40).to_bytes(8, "little") + b"{}",
    "cut": b"\x10\0\0\0\0\0\0\0{}",
    "empty": b"",
}


@pytest.mark.parametrize("data", DAMAGES.values(), ids=DAMAGES)
def test_a_header_that_lies_is_damage(data, folder):
    (folder / "model.safetensors").write_bytes(data)
    with pytest.raises(WriterError) as caught:
        describe(folder)
    assert caught.value.kind is ErrorKind.MODEL_DAMAGED
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_what_is_missing_is_said(name, folder):
    (folder / name).unlink()
    with pytest.raises(WriterError, match=f"{name} is missing"):
        describe(folder)


# What its papers say

FRONT = {
    "language: en\nlicense: mit": ("en", "mit"),
    "language:\n- zh\n- en\nlicense: [a, b]": ("zh, en", "a, b"),
    "language: no": ("no", ""),
    "license: other\nlicense_name: Tongyi": ("", "Tongyi"),
    "license: other": ("", "other"),
    "language: {a: 1}\nlicense: 7": ("", "7"),
    "language: [[[x]], en]": ("en", ""),
    "a: &a [x]\nlanguage: *a": ("x", ""),
    "language: [": ("", ""),
    "date: 2020-99-99": ("", ""),
    "license: !!bool xyz\nlanguage: !!int ''": ("", "xyz"),
    "license: null\nlanguage: !!timestamp xyz": ("xyz", ""),
    "a: &a {x: y}\n<<: [*a, *a]\nlanguage: en": ("en", ""),
    "- en": ("", ""),
    '!!python/object/apply:os.system ["touch x"]': ("", ""),
    "language: " + "[" * 5000: ("", ""),
    "language: \x1b[31m": ("", ""),
    f"language: {'x' * 500}": ("x" * 80, ""),
}


@pytest.mark.parametrize(("front", "said"), FRONT.items())
def test_language_and_licence_stand_in_front(front, said, folder):
    (folder / "README.md").write_text(f"---\n{front}\n---\n# A model\n", newline="\r\n")
    card = describe(folder)
    assert (card.language, card.licence) == said


@pytest.mark.parametrize(
    "text", ["", "# language: en", "---\nlanguage: en\n", "----\nlanguage: en\n---"]
)
def test_without_front_matter_nothing_is_said(text, folder):
    (folder / "README.md").write_text(text)
    assert describe(folder).language == ""


def test_only_the_beginning_of_a_readme_counts(folder):
    (folder / "README.md").write_bytes(b"---\n" + b"a: b\n" * (1 << 16) + b"language: en\n---\n")
    assert describe(folder).language == ""


def test_a_licence_file_is_named_by_its_first_line(folder):
    (folder / "LICENSE.txt").write_text("\n  MIT   License\n\nPermission is hereby granted")
    assert describe(folder).licence == "MIT License"
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    assert describe(folder).licence == "apache-2.0"


def test_papers_that_lead_out_are_damage(folder, tmp_path):
    (tmp_path / "secret").write_text("mine")
    (folder / "LICENSE").symlink_to(tmp_path / "secret")
    with pytest.raises(WriterError, match="leads out of the folder"):
        describe(folder)


# What its vocabulary says


def with_vocabulary(folder, tokens, name="vocab.txt"):
    (folder / "tokenizer.json").unlink(missing_ok=True)
    (folder / name).write_text("\n".join(tokens), encoding="utf-8")
    return describe(folder)


def test_a_chinese_vocabulary_is_one(folder):
    card = with_vocabulary(folder, [*MARKS, *HAN])
    assert (card.tokenizer, card.language) == ("Chinese characters", "zh")
    card = with_vocabulary(folder, [*MARKS, *HAN, *(a + b for a, b in pairwise(HAN))])
    assert (card.tokenizer, card.language) == ("Chinese words", "zh")


def test_what_a_vocabulary_does_not_tell_is_not_said(folder):
    latin = [f"w{number}" for number in range(300)]
    card = with_vocabulary(folder, [*MARKS, *latin])
    assert (card.tokenizer, card.language) == ("WordPiece", "")
    card = with_vocabulary(folder, [*HAN, *latin, *(chr(0x3042 + n) for n in range(60))])
    assert card.language == ""  # Japanese, or many
    kana = [chr(0x3041 + number) for number in range(80)]
    assert with_vocabulary(folder, [*HAN, *kana]).language == ""


def test_chinese_in_bytes_is_chinese(folder):
    letter = {byte: letter for letter, byte in bytes_to_letters().items()}
    for text, language in (("".join(HAN), "zh"), ("é" * 300 + "".join(HAN[:40]), "")):
        tokens = [*letter.values(), *("".join(map(letter.__getitem__, c.encode())) for c in text)]
        vocabulary = {token: number for number, token in enumerate(tokens)}
        found = {"model": {"type": "BPE", "vocab": vocabulary}, "decoder": {"type": "ByteLevel"}}
        (folder / "tokenizer.json").write_text(json.dumps(found))
        card = describe(folder)
        assert card.tokenizer == "byte-level BPE"
        assert card.language == language


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ({"model": {"type": "Unigram", "vocab": [["▁a", 0.0], ["b", -1.0], 7]}}, "SentencePiece"),
        ({"model": {"type": "BPE", "vocab": {"▁a": 0}, "merges": []}}, "SentencePiece"),
        (
            {"model": {"vocab": {"a": 0}, "merges": []}, "decoder": {"type": "ByteLevel"}},
            "byte-level BPE",
        ),
        ({"model": {"type": "WordPiece", "vocab": {"a": 0}}}, "WordPiece"),
        ({"model": 7}, "WordPiece"),
        ({}, "WordPiece"),
    ],
)
def test_a_tokenizers_kind_is_told(found, kind, folder):
    (folder / "tokenizer.json").write_text(json.dumps(found))
    assert describe(folder).tokenizer == kind


def test_gpt2s_own_files_and_pieces_are_told(folder):
    (folder / "tokenizer.json").unlink()
    assert describe(folder).tokenizer == ""
    (folder / "tokenizer.model").write_bytes(b"x")
    assert describe(folder).tokenizer == "SentencePiece"
    (folder / "vocab.json").write_text('{"a": 0}')
    assert describe(folder).tokenizer == "byte-level BPE"


# What it takes


def test_memory_grows_with_everything():
    small = gpt2_memory(GPTConfig())
    assert small["int8"] < small["bf16"] < small["fp32"]
    for more in ({"vocab_size": 90000}, {"n_ctx": 4096}, {"n_layer": 24}, {"n_embd": 1536}):
        larger = gpt2_memory(GPTConfig(**more))
        assert all(larger[each] > small[each] for each in small), more
    untied = gpt2_memory(GPTConfig(tie_word_embeddings=False))
    assert untied["fp32"] > small["fp32"]
    assert gpt2_memory(GPTConfig(), is_packed=True)["int8"] > small["int8"]


def test_memory_of_the_smallest_gpt2_is_as_measured():
    """The measurements stand in writer/checkpoints/memory.py."""
    said = gpt2_memory(GPTConfig())
    for precision, measured_mb in {"int8": 375, "bf16": 604, "fp32": 682}.items():
        assert measured_mb * 1e6 <= said[precision] <= 1.25 * measured_mb * 1e6


def test_another_kind_is_described_as_far_as_its_files_tell(folder):
    config = {
        "model_type": "llama", "vocab_size": 384, "hidden_size": 32, "num_hidden_layers": 2,
        "num_attention_heads": 2, "max_position_embeddings": 128,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    card = describe(folder)
    assert (card.kind, card.n_ctx, card.vocabulary) == ("llama", 128, 384)
    assert card.parameters == sum(
        each.numel() for each in load_file(folder / "model.safetensors").values()
    )
    assert all(size > card.parameters for size in card.memory_bytes.values())


def test_a_bert_vocabulary_of_ours_is_characters(tmp_path):
    tokenizer = CharacterTokenizer([*MARKS, *HAN], lowers=False)
    write_model(tmp_path / "m", random_network(vocab_size=320), tokenizer)
    assert describe(tmp_path / "m").tokenizer == "Chinese characters"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"objective": "masked"}, ["fills gaps"]),
        ({"attention": "sliding"}, ["attention", "sliding", "longformer"]),
        ({"attention": "banded"}, ["attention_window", "missing"]),
        ({"attention": "banded", "attention_window": 999}, ["attention_window", "999", "64"]),
    ],
)
def test_a_model_that_cannot_go_on_with_a_text_is_one_sentence(changes, words, tmp_path):
    write_model(tmp_path / "model", random_network(), tiny_tokenizer())
    change(tmp_path / "model" / "config.json", **changes)
    with pytest.raises(WriterError) as caught:
        describe(tmp_path / "model")
    sentence = str(caught.value)
    assert all(word in sentence for word in words)
    assert "\n" not in sentence
