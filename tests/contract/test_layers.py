"""Which layers have a prefix: the grammar, what it refuses word for word, and what it costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract.backbone import BackboneShape
from engine.contract.methods.cost import cost
from engine.contract.methods.prefix import AttentionKind, Depth, Init, Parametrisation, PrefixMethod
from engine.contract.specs.run import describe_method
from tests.helpers.errors import refused

SMOLLM2 = BackboneShape(30, 3, 64, 576, 134_515_008, 49_152, 8192)
BART = BackboneShape(12, 16, 64, 1024, 406_290_432, 50_265, 1024, encoder_layers=6)


def method(layers: str, length: int = 10, **changes: object) -> PrefixMethod:
    return PrefixMethod(**{"prefix_length": length, "layers": layers, **changes})


@pytest.mark.parametrize(
    ("layers", "lengths"),
    [
        ("", (10, 10, 10, 10, 10, 10)),
        ("0-5", (10, 10, 10, 10, 10, 10)),
        ("3", (0, 0, 0, 10, 0, 0)),
        ("4-5,0:1,2:10", (1, 0, 10, 0, 10, 10)),
        (" 1 - 2 : 3 ,\t5 ", (0, 3, 3, 0, 0, 10)),
        ("002", (0, 0, 10, 0, 0, 0)),
    ],
)
def test_a_choice_gives_each_layer_its_length(layers: str, lengths: tuple[int, ...]) -> None:
    assert method(layers).lengths(6, "the backbone") == lengths
    assert tuple(method(layers).length_at(layer) for layer in range(6)) == lengths


@given(st.lists(st.integers(0, 10), min_size=1, max_size=30).filter(lambda found: max(found) == 10))
def test_every_assignment_of_lengths_can_be_written(lengths: list[int]) -> None:
    words = ",".join(f"{layer}:{length}" for layer, length in enumerate(lengths) if length)
    assert method(words).lengths(len(lengths), "the backbone") == tuple(lengths)


@pytest.mark.parametrize(
    ("layers", "code", "values"),
    [
        *(
            (text, "bad-layers", {"part": part})
            for text, part in (
                *(("x", "x"), ("1,,2", ""), ("1-", "1-"), ("-1", "-1"), ("1:", "1:")),
                *(("1-2-3", "1-2-3"), ("1.5", "1.5"), ("٣", "٣"), (" ", ""), ("1;2", "1;2")),
                ("99999999", "99999999"),
            )
        ),
        ("9-0", "layers-backwards", {"part": "9-0", "first": 9, "last": 0}),
        ("0-5,3-9", "layer-given-twice", {"layer": 3, "first": "0-5", "second": "3-9"}),
        ("7,7:2", "layer-given-twice", {"layer": 7, "first": "7", "second": "7:2"}),
        ("0,1:11", "setting-out-of-range", {"value": 11, "allowed": "from 1 to 10"}),
        ("0,1:0", "setting-out-of-range", {"value": 0, "allowed": "from 1 to 10"}),
        ("0-3:5,7:8", "no-layer-of-full-length", {"prefix_length": 10, "longest": 8}),
    ],
)
def test_what_cannot_be_read_is_refused(layers: str, code: str, values: dict[str, object]) -> None:
    with refused(code, **values):
        method(layers)


def test_embedding_only_tuning_has_no_choice_of_layers() -> None:
    with refused("layers-of-embeddings", layers="0-9"):
        method("0-9", depth=Depth.EMBEDDING_ONLY)


def test_a_layer_beyond_the_last_is_refused_in_the_stack_that_lacks_it() -> None:
    with refused("no-such-layer", part="20-30", owner="the backbone", count=30, last=29):
        cost(SMOLLM2, method("0-9,20-30"))
    with refused("no-such-layer", part="6-11", owner="the encoder", count=6, last=5):
        method("0,6-11").lengths_on(BART)
    without = method("0:2,6-11", encoder_self=False)
    assert without.lengths_on(BART) == dict.fromkeys(
        (AttentionKind.DECODER_SELF, AttentionKind.DECODER_CROSS), (2, *[0] * 5, *[10] * 6)
    )
    with refused("no-such-layer", part="12", owner="the decoder", last=11):
        method("12", encoder_self=False).lengths_on(BART)


@pytest.mark.parametrize(
    ("form", "trainable"),
    [
        # By hand: E = 2*3*64 = 384 numbers a token and layer; 20 layers.
        (Parametrisation.DIRECT, 10 * 10 * 384 + 10 * 5 * 384),
        (Parametrisation.MLP, 10 * 576 + (576 + 1) * 512 + (512 + 1) * 20 * 384),
        (
            Parametrisation.DEEP_MLP,
            10 * 576 + (576 + 1) * 512 + (512 + 1) * 512 + (512 + 1) * 20 * 384,
        ),
    ],
)
def test_the_cost_is_that_of_what_is_used(form: Parametrisation, trainable: int) -> None:
    found = cost(SMOLLM2, method("0-9,20-29:5", parametrisation=form))
    assert (found.trainable, found.stored) == (trainable, 57_600)
    assert found.stored_bytes == 4 * 57_600


def test_all_layers_by_name_cost_what_all_cost() -> None:
    assert cost(SMOLLM2, method("0-29")) == cost(SMOLLM2, method(""))


def test_the_words_for_a_method_tell_the_layers() -> None:
    assert describe_method(method("0-9,20-29:5")) == "prefix 10 in layers 0-9,20-29:5, MLP 512"
    direct = method("3", parametrisation=Parametrisation.DIRECT, init=Init.RANDOM)
    assert describe_method(direct) == "prefix 10 in layers 3, direct"
    assert describe_method(method("")) == "prefix 10, MLP 512"
