"""Other engines at the same work: the same weights, the same threads, what their users would call.

Each is measured where it is installed: `pip install ctranslate2 llama-cpp-python`. All draw
with top-k 40 and a temperature of 0.9.
"""

import contextlib
import importlib.util
import json
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch

TOP_K, TEMPERATURE = 40, 0.9


class Peer(Protocol):
    """Something that continues a text of tokens."""

    name: str

    def prepare(self, tokens: list[int]) -> None:
        """Read `tokens` beforehand, where that is of use for what follows; not timed."""

    def answer(self, tokens: list[int], rows: int, length: int) -> dict[str, float]:
        """Make `rows` continuations of `length` tokens; return figures in seconds, if any."""

    def read(self, tokens: list[int]) -> dict[str, float]:
        """Read `tokens` from nothing, up to the first token that follows."""


def peers(folder: Path, work: Path, threads: int) -> Iterator[Callable[[], Peer]]:
    """Yield what makes each engine that is installed, over the model in `folder`."""
    yield partial(Transformers, folder, threads, torch.float32)
    yield partial(Transformers, folder, threads, torch.bfloat16)
    if importlib.util.find_spec("ctranslate2"):
        yield partial(CTranslate2, folder, threads, work / "ctranslate2")
    if importlib.util.find_spec("llama_cpp"):
        yield partial(LlamaCpp, folder, threads, work / "model.gguf")


class Transformers:
    """`generate` of Hugging Face's transformers; it keeps nothing from one call to the next."""

    def __init__(self, folder: Path, threads: int, dtype: torch.dtype) -> None:
        import transformers

        torch.set_num_threads(threads)

        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        self.name = f"transformers {'fp32' if dtype == torch.float32 else 'bf16'}"
        self._model: Any = transformers.GPT2LMHeadModel.from_pretrained(folder, dtype=dtype).eval()
        self._model.generation_config.eos_token_id = None
        self._model.generation_config.pad_token_id = 0

    def prepare(self, tokens: list[int]) -> None:
        """Do nothing."""

    @torch.inference_mode()
    def answer(self, tokens: list[int], rows: int, length: int) -> dict[str, float]:
        """See `Peer`."""
        self._model.generate(
            torch.tensor([tokens]),
            attention_mask=torch.ones(1, len(tokens), dtype=torch.long),
            do_sample=True, top_k=TOP_K, temperature=TEMPERATURE,
            num_return_sequences=rows, max_new_tokens=length, min_new_tokens=length,
        )  # fmt: skip
        return {}

    @torch.inference_mode()
    def read(self, tokens: list[int]) -> dict[str, float]:
        """See `Peer`."""
        self._model(torch.tensor([tokens]), logits_to_keep=1)
        return {}


class CTranslate2:
    """CTranslate2 in int8."""

    name = "CTranslate2 int8"

    def __init__(self, folder: Path, threads: int, work: Path) -> None:
        import ctranslate2

        if not work.exists():
            ctranslate2.converters.TransformersConverter(str(folder)).convert(
                str(work), quantization="int8"
            )
        found = json.loads((work / "vocabulary.json").read_text(encoding="utf-8"))
        self._vocabulary: list[str] = found
        self._generator: Any = ctranslate2.Generator(
            str(work), compute_type="int8", intra_threads=threads, inter_threads=1
        )

    def prepare(self, tokens: list[int]) -> None:
        """Do nothing: what it keeps of a static prompt is no use for a text that grows."""

    def answer(self, tokens: list[int], rows: int, length: int) -> dict[str, float]:
        """See `Peer`."""
        (result,) = self._generator.generate_batch(
            [[self._vocabulary[token] for token in tokens]],
            beam_size=1, num_hypotheses=rows, max_length=length, min_length=length,
            sampling_topk=TOP_K, sampling_temperature=TEMPERATURE, end_token=[],
            include_prompt_in_result=False,
        )  # fmt: skip
        assert [len(each) for each in result.sequences] == [length] * rows
        return {}

    def read(self, tokens: list[int]) -> dict[str, float]:
        """See `Peer`."""
        return self.answer(tokens, 1, 1)


class LlamaCpp:
    """llama.cpp in Q8_0: one prompt, kept from call to call, shared by parallel sequences."""

    name = "llama.cpp Q8_0"

    def __init__(self, folder: Path, threads: int, file: Path) -> None:
        import gguf
        import llama_cpp

        from benchmarks.gguf_file import write_gguf
        from writer.checkpoints.folder import read_model

        if not file.exists():
            write_gguf(file, read_model(folder).network, None, gguf.GGMLQuantizationType.Q8_0)
        self._api: Any = llama_cpp
        self._silence = llama_cpp.llama_log_callback(lambda level, text, data: None)
        llama_cpp.llama_log_set(self._silence, None)
        with _quiet():
            self._model = llama_cpp.llama_model_load_from_file(
                str(file).encode(), llama_cpp.llama_model_default_params()
            )
            params = llama_cpp.llama_context_default_params()
            params.n_ctx, params.n_batch, params.n_seq_max = 2048, 1024, 8
            params.n_threads = params.n_threads_batch = threads
            params.kv_unified = params.no_perf = True
            params.flash_attn_type = 1
            self._context = llama_cpp.llama_init_from_model(self._model, params)
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._batch = llama_cpp.llama_batch_init(1024, 0, 8)
        chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
        for sampler in (
            llama_cpp.llama_sampler_init_top_k(TOP_K),
            llama_cpp.llama_sampler_init_temp(TEMPERATURE),
            llama_cpp.llama_sampler_init_dist(1),
        ):
            llama_cpp.llama_sampler_chain_add(chain, sampler)
        self._chain = chain

    def prepare(self, tokens: list[int]) -> None:
        """Read all but the last token into the cache."""
        self._api.llama_memory_clear(self._memory, True)
        self._decode([(token, place, 0, False) for place, token in enumerate(tokens[:-1])])

    def answer(self, tokens: list[int], rows: int, length: int) -> dict[str, float]:
        """Go on from what `prepare` has read."""
        api, memory, end = self._api, self._memory, len(tokens)
        for row in range(1, rows):
            api.llama_memory_seq_rm(memory, row, -1, -1)
        api.llama_memory_seq_rm(memory, 0, end - 1, -1)
        self._decode([(tokens[-1], end - 1, 0, True)])
        said = [api.llama_sampler_sample(self._chain, self._context, 0) for _ in range(rows)]
        for row in range(1, rows):
            api.llama_memory_seq_cp(memory, 0, row, -1, -1)
        for place in range(end, end + length - 1):
            self._decode([(said[row], place, row, True) for row in range(rows)])
            said = [
                api.llama_sampler_sample(self._chain, self._context, row) for row in range(rows)
            ]
        return {}

    def read(self, tokens: list[int]) -> dict[str, float]:
        """See `Peer`."""
        self._api.llama_memory_clear(self._memory, True)
        last = len(tokens) - 1
        self._decode([(token, place, 0, place == last) for place, token in enumerate(tokens)])
        return {}

    def _decode(self, entries: list[tuple[int, int, int, bool]]) -> None:
        batch = self._batch
        batch.n_tokens = len(entries)
        for index, (token, place, row, wanted) in enumerate(entries):
            batch.token[index], batch.pos[index] = token, place
            batch.n_seq_id[index], batch.seq_id[index][0] = 1, row
            batch.logits[index] = wanted
        assert self._api.llama_decode(self._context, batch) == 0


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Let nothing be written to the error stream, by C code either."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
