"""The settings of the method and of decoding, as a table.

Units and meaning are those of the contract's field documentation.
"""

from __future__ import annotations

from collections.abc import Callable

from app.pages.runs.form.draft import Draft, MethodKind
from app.pages.runs.form.fields import (
    Choice,
    Field,
    Real,
    Section,
    Switch,
    Whole,
    Words,
    decoder_only,
    encoder_decoder,
)
from app.pages.runs.form.fields_rivals import OTHER_FIELDS
from engine.contract.methods.prefix import Depth, Init, Parametrisation, Placement
from engine.contract.specs.training import Strategy


def _prefix(draft: Draft) -> bool:
    return draft.kind is MethodKind.PREFIX


def _mlp(draft: Draft) -> bool:
    return _prefix(draft) and draft["method.parametrisation"] is not Parametrisation.DIRECT


def _in_all_layers(draft: Draft) -> bool:
    return _prefix(draft) and draft["method.depth"] is Depth.ALL_LAYERS


def _layers(draft: Draft) -> bool:
    return _in_all_layers(draft) or (_prefix(draft) and bool(draft["method.layers"]))


def _has_start(draft: Draft) -> bool:
    return draft.kind in (MethodKind.PREFIX, MethodKind.PROMPT)


def _from_words(draft: Draft) -> bool:
    return _has_start(draft) and draft["method.init"] is Init.WORDS


def _strategy(strategy: Strategy) -> Callable[[Draft], bool]:
    return lambda draft: draft["decoding.strategy"] is strategy


METHOD = Section(
    "Method",
    (
        Field(
            "method.parametrisation",
            "Parametrisation",
            "How the prefix is written while it is trained: through an MLP that is dropped "
            "afterwards (the paper's default), through one with two hidden layers, or as keys "
            "and values directly.",
            Choice(
                (
                    (Parametrisation.MLP, "MLP, then dropped"),
                    (Parametrisation.DEEP_MLP, "deep MLP, then dropped"),
                    (Parametrisation.DIRECT, "direct keys and values"),
                )
            ),
            _prefix,
        ),
        Field(
            "method.depth",
            "What is trained",
            "What of the prefix is trained: keys and values in every layer, or only the input "
            "embeddings of its tokens (the paper's ablation).",
            Choice(
                (
                    (Depth.ALL_LAYERS, "keys and values of every layer"),
                    (Depth.EMBEDDING_ONLY, "input embeddings only"),
                )
            ),
            _prefix,
            decoder_only,
        ),
        Field(
            "method.layers",
            "Layers",
            "Which layers have a prefix, and of how many tokens: empty is all, with the prefix "
            "length; 0-9,20-29:5 is layers 0 to 9 with it, and 20 to 29 with 5 tokens.",
            Words(),
            _layers,
        ),
        Field(
            "method.position",
            "Position",
            "Where the trained vectors stand: before source and target (a prefix), or between "
            "them, where the source does not see them (an infix, the paper's ablation).",
            Choice(
                (
                    (Placement.PREFIX, "before the source"),
                    (Placement.INFIX, "between source and target"),
                )
            ),
            _in_all_layers,
            decoder_only,
        ),
        Field(
            "method.mid_dim",
            "MLP width",
            "Hidden width of the MLP, in units: 512 for table-to-text and 800 for "
            "summarisation in the paper.",
            Whole(1, 16384),
            _mlp,
        ),
        Field(
            "method.init",
            "Start from",
            "How the prefix or prompt is initialised: with the backbone's activations of real "
            "words, or at random.",
            Choice(((Init.WORDS, "real words"), (Init.RANDOM, "random"))),
            _has_start,
        ),
        Field(
            "method.init_text",
            "Words",
            "The words to start from; repeated or cut to as many tokens as there are to train.",
            Words(),
            _from_words,
        ),
        Field(
            "method.dropout",
            "Prefix dropout",
            "Chance, from 0 to below 1, that an entry of the prefix is zeroed in a training step.",
            Real(0.0, 0.95, 0.05),
            _prefix,
        ),
        Field(
            "method.frozen_dropout",
            "Backbone dropout",
            "Whether the frozen backbone's own dropout is on in training steps: off behind GPT-2 "
            "and on behind BART in the paper's code.",
            Switch(),
            _prefix,
        ),
        Field(
            "method.encoder_self",
            "Encoder prefix",
            "Whether a prefix stands in the encoder's self-attention.",
            Switch(),
            _prefix,
            encoder_decoder,
        ),
        Field(
            "method.decoder_self",
            "Decoder prefix",
            "Whether a prefix stands in the decoder's self-attention.",
            Switch(),
            _prefix,
            encoder_decoder,
        ),
        Field(
            "method.decoder_cross",
            "Cross prefix",
            "Whether a prefix stands in the attention from the decoder to the encoder.",
            Switch(),
            _prefix,
            encoder_decoder,
        ),
        *OTHER_FIELDS,
    ),
)

DECODING = Section(
    "Decoding of the test inputs",
    (
        Field(
            "decoding.strategy",
            "Strategy",
            "How tokens are chosen: the likeliest one, the best of several beams, or by chance.",
            Choice(
                (
                    (Strategy.GREEDY, "greedy"),
                    (Strategy.BEAM, "beam search"),
                    (Strategy.SAMPLING, "sampling"),
                )
            ),
        ),
        Field(
            "decoding.num_beams",
            "Beams",
            "Beams that are kept side by side: the paper uses 5 for tables and 6 for summaries.",
            Whole(1, 256),
            _strategy(Strategy.BEAM),
        ),
        Field(
            "decoding.length_penalty",
            "Length penalty",
            "Exponent of the length by which a beam's log-probability is divided: above 1 "
            "favours longer texts.",
            Real(-10.0, 10.0, 0.1),
            _strategy(Strategy.BEAM),
        ),
        Field(
            "decoding.temperature",
            "Temperature",
            "Divides the logits: below 1 is more careful, above 1 more surprising.",
            Real(0.01, 100.0, 0.05),
            _strategy(Strategy.SAMPLING),
        ),
        Field(
            "decoding.top_k",
            "Top k",
            "Sample among this many likeliest tokens; 0 means all.",
            Whole(0, 1_000_000),
            _strategy(Strategy.SAMPLING),
        ),
        Field(
            "decoding.top_p",
            "Top p",
            "Sample among the likeliest tokens that together reach this probability, up to 1.",
            Real(0.01, 1.0, 0.05),
            _strategy(Strategy.SAMPLING),
        ),
        Field(
            "decoding.seed",
            "Sampling seed",
            "Seed of the sampling; each row draws its own.",
            Whole(0, 2_147_483_647),
            _strategy(Strategy.SAMPLING),
        ),
        Field(
            "decoding.repetition_penalty",
            "Repetition penalty",
            "Divides the logits of tokens already in the text; 1 switches it off.",
            Real(0.01, 100.0, 0.05),
        ),
        Field(
            "decoding.no_repeat_ngram",
            "No repeated n-gram",
            "Never repeat an n-gram of this many tokens; 0 allows all.",
            Whole(0, 1000),
        ),
        Field(
            "decoding.line_breaks",
            "Line breaks",
            "Outputs may have several lines; the paper's code forbids it on GPT-2.",
            Switch(),
        ),
        Field(
            "decoding.min_new_tokens",
            "Shortest output",
            "Fewest tokens in an output.",
            Whole(0, 100_000),
        ),
        Field(
            "decoding.max_new_tokens",
            "Longest output",
            "Most tokens in an output.",
            Whole(1, 100_000),
        ),
        Field(
            "decoding.batch_size",
            "Decoding batch",
            "Inputs decoded together: changes speed and memory, never the outputs' meaning.",
            Whole(1, 4096),
        ),
    ),
)
