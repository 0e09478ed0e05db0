"""Small real backbones with random weights and a real tokenizer, made at test time."""

from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

TEXTS = (
    "name[Blue Spice], eatType[coffee shop], area[city centre]",
    "name : Alimentum | food : French | priceRange : less than £20",
    "Blue Spice is a coffee shop in the city centre. It has 3 out of 5 stars.",
    "Alimentum serves French food for less than £20, near the river.",
    "The quick brown fox jumps over the lazy dog, and then goes home to sleep.",
)


def tiny_tokenizer(template: str = "") -> Any:
    """A byte-level BPE tokenizer.

    Args:
        template: what it puts around every text ("$A"): "<s> $A" as Llama's, "<s> $A </s>" as
            BART's, "$A </s>" as T5's; nothing where it is empty.
    """
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>", "</s>", "<pad>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(TEXTS * 3, trainer)
    if template:
        from tokenizers.processors import TemplateProcessing

        backend.post_processor = TemplateProcessing(
            single=template,
            pair=f"{template} $B:1 </s>:1" if template == "<s> $A </s>" else f"{template} $B",
            special_tokens=[("<s>", 0), ("</s>", 1)],
        )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>"
    )


def tiny_model(kind: str, *, vocabulary: int = 400, seed: int = 0, **changes: Any) -> Any:
    """A random model of a kind of `CONFIGS`, in eval mode."""
    config = transformers.AutoConfig.for_model(
        kind if kind == "xlm-roberta" else kind.split("-")[0],
        vocab_size=vocabulary,
        **{"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": None, **CONFIGS[kind], **changes},
    )
    auto = transformers.AutoModelForCausalLM
    if config.is_encoder_decoder:
        auto = transformers.AutoModelForSeq2SeqLM
    elif kind in ENCODERS:
        auto = (
            transformers.AutoModel if kind.endswith("-bare") else transformers.AutoModelForMaskedLM
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = auto.from_config(config)
        for parameter in model.parameters():  # the stock initialisation is all but constant
            torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


def save_tiny(folder: Path, kind: str, *, seed: int = 0, **changes: Any) -> Path:
    """Write model and tokenizer of a kind into `folder`, as `save_pretrained` does."""
    tokenizer = tiny_tokenizer(TEMPLATES.get(kind.split("-")[0], ""))
    if kind in ENCODERS:
        tokenizer.add_special_tokens({"pad_token": "<pad>", "mask_token": "<mask>"})
        tokenizer.add_special_tokens({"cls_token": "<s>", "sep_token": "</s>"})
    tiny_model(kind, vocabulary=len(tokenizer), seed=seed, **changes).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


_GROUPED = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}
_PLAIN = {**_GROUPED, "num_key_value_heads": 4}
CONFIGS: dict[str, dict[str, Any]] = {
    "gpt2": {"n_layer": 2, "n_head": 4, "n_embd": 32, "n_positions": 256},
    "llama": _GROUPED,
    "llama-wide-heads": {**_GROUPED, "head_dim": 16},
    "mistral": {**_GROUPED, "sliding_window": None},
    "qwen2": _GROUPED,
    "qwen3": {**_GROUPED, "head_dim": 16},
    "gemma": {**_GROUPED, "head_dim": 16},
    "phi3": _GROUPED,
    "gpt_neox": {key: value for key, value in _PLAIN.items() if key != "num_key_value_heads"},
    "opt": {
        "hidden_size": 32,
        "ffn_dim": 48,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "max_position_embeddings": 256,
        "word_embed_proj_dim": 32,
    },
    "olmo2": _GROUPED,
}
"""Configurations by kind; "llama" has grouped queries."""
DECODERS = tuple(CONFIGS)
_SIDES = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 48,
    "max_position_embeddings": 128,
    "pad_token_id": 2,
    "decoder_start_token_id": 1,
    "forced_eos_token_id": None,
}
_T5 = {
    "d_model": 32,
    "d_kv": 12,  # not d_model / heads
    "d_ff": 48,
    # Not the other way round: for a deeper decoder the reference, `generate`, cannot be used.
    "num_layers": 3,
    "num_decoder_layers": 2,
    "num_heads": 4,
    "pad_token_id": 2,
    "decoder_start_token_id": 2,
}
ENCODER_DECODERS: dict[str, dict[str, Any]] = {
    "bart": _SIDES,
    "t5": _T5,
    "t5-flan": {**_T5, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False},
    "pegasus": {**_SIDES, "decoder_start_token_id": 2},
    "marian": {**_SIDES, "decoder_start_token_id": 2, "decoder_vocab_size": None},
}
_ENCODER = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 96,
    "pad_token_id": 2,
}
ENCODERS: dict[str, dict[str, Any]] = {
    "bert": _ENCODER,
    "bert-bare": _ENCODER,
    "roberta": _ENCODER,
    "xlm-roberta": _ENCODER,
    "camembert": _ENCODER,
    "electra": {**_ENCODER, "embedding_size": 16},
    "albert": {**_ENCODER, "embedding_size": 16},
    "albert-groups": {**_ENCODER, "num_hidden_layers": 4, "num_hidden_groups": 2},
    "distilbert": {
        **{"dim": 32, "hidden_dim": 48, "n_layers": 3, "n_heads": 4},
        **{"max_position_embeddings": 96, "pad_token_id": 2},
    },
    "modernbert": {**_ENCODER, "local_attention": 8, "cls_token_id": 0, "sep_token_id": 1},
}
"""With a head for blanks, but for "-bare"."""
CONFIGS |= ENCODER_DECODERS | ENCODERS
_READERS = {kind.split("-")[0] for kind in ENCODERS}

TEMPLATES = {
    "llama": "<s> $A",
    **dict.fromkeys(("bart", *_READERS), "<s> $A </s>"),
} | dict.fromkeys(("t5", "pegasus", "marian"), "$A </s>")
"""What each kind's tokenizer puts around a text."""
