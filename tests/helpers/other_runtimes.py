"""llama.cpp and MLX in a process of their own: `other_runtimes.py llama|llama_ids|mlx`.

In, as JSON: model, cache (a file), prompts as ids, new tokens; of llama also whether flash
attention is on, the cache's type (0 float32, 1 float16) and what kind of file it is. Out: the
tokens that the cache stands for, None where it is refused; for each prompt the logits behind it,
and the greedy tokens.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any


def llama(job: dict[str, Any]) -> dict[str, Any]:
    import ctypes

    import llama_cpp as lib

    lib.llama_backend_init()
    options = lib.llama_model_default_params()
    options.n_gpu_layers = 0
    model = lib.llama_model_load_from_file(job["model"].encode(), options)
    settings = lib.llama_context_default_params()
    settings.n_ctx = settings.n_batch = settings.n_ubatch = 256
    settings.n_threads = settings.n_threads_batch = 1
    settings.flash_attn_type = int(job["flash"])
    settings.type_k = settings.type_v = job["type"]
    context = lib.llama_init_from_model(model, settings)
    vocabulary = lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(model))
    tokens, count = (lib.llama_token * 256)(), ctypes.c_size_t(0)
    path = job["cache"].encode()

    def loads() -> bool:
        lib.llama_memory_clear(lib.llama_get_memory(context), True)
        end = tokens, 256, ctypes.byref(count)
        if job["kind"] == "slot":
            return bool(lib.llama_state_seq_load_file(context, path, 0, *end))
        return bool(lib.llama_state_load_file(context, path, *end))

    def read(ids: list[int]) -> list[float]:
        array = (lib.llama_token * len(ids))(*ids)
        assert lib.llama_decode(context, lib.llama_batch_get_one(array, len(ids))) == 0
        return list(lib.llama_get_logits_ith(context, -1)[:vocabulary])

    if not loads():
        return {"tokens": None}
    return {"tokens": list(tokens[: count.value]), **continued(job, loads, read)}


def continued(
    job: dict[str, Any], load: Callable[[], object], read: Callable[[list[int]], list[float]]
) -> dict[str, Any]:
    """Logits and greedy tokens behind each prompt, the cache loaded anew for each."""
    logits, made = [], []
    for prompt in job["prompts"]:
        load()
        last = read(prompt)
        logits.append(last)
        made.append([])
        for _ in range(job["new"]):
            made[-1].append(max(range(len(last)), key=last.__getitem__))
            last = read([made[-1][-1]])
    return {"logits": logits, "made": made}


def llama_ids(job: dict[str, Any]) -> dict[str, Any]:
    """The ids of texts, as llama.cpp makes them of the GGUF file's vocabulary."""
    import llama_cpp as lib

    lib.llama_backend_init()
    options = lib.llama_model_default_params()
    options.vocab_only = True
    model = lib.llama_model_load_from_file(job["model"].encode(), options)
    vocab, ids = lib.llama_model_get_vocab(model), []
    for text in job["texts"]:
        data, room = text.encode(), (lib.llama_token * 1000)()
        count = lib.llama_tokenize(vocab, data, len(data), room, 1000, False, False)
        ids.append(list(room[:count]))
    return {"ids": ids}


def mlx(job: dict[str, Any]) -> dict[str, Any]:
    import mlx.core as mx
    from mlx_lm import load
    from mlx_lm.models.cache import load_prompt_cache

    mx.set_default_device(mx.cpu)
    model, _ = load(job["model"])
    cache: list[Any] = []

    def loads() -> None:
        cache[:] = load_prompt_cache(job["cache"])

    def read(ids: list[int]) -> list[float]:
        return model(mx.array([ids]), cache=cache)[0, -1].astype(mx.float32).tolist()  # type: ignore[no-any-return]

    return {"tokens": [], **continued(job, loads, read)}


if __name__ == "__main__":
    out = os.dup(1)
    os.dup2(2, 1)  # what the libraries print is no answer
    answer = {"llama": llama, "llama_ids": llama_ids, "mlx": mlx}[sys.argv[1]](json.load(sys.stdin))
    os.write(out, json.dumps(answer).encode())
