"""Which layers have a prefix: the grammar, what it refuses word for word, and what it costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract.backbone import BackboneShape, cost
from engine.contract.errors import UserError
from engine.contract.method_spec import Depth, Init, Parametrisation, Place, PrefixMethod
from engine.contract.run_spec import describe_method

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
    ("layers", "sentence"),
    [
        *(
            (
                text,
                f"layers holds {part!r}: it must be a layer (7), a range (0-9), or either with its "
                "length (20-29:5), with commas between them.",
            )
            for text, part in (
                *(("x", "x"), ("1,,2", ""), ("1-", "1-"), ("-1", "-1"), ("1:", "1:")),
                *(("1-2-3", "1-2-3"), ("1.5", "1.5"), ("٣", "٣"), (" ", ""), ("1;2", "1;2")),
                ("99999999", "99999999"),
            )
        ),
        ("9-0", "layers holds '9-0', which ends before it begins: write 0-9."),
        (
            "0-5,3-9",
            "Layer 3 stands twice in layers, in '0-5' and '3-9': give each layer one length.",
        ),
        ("7,7:2", "Layer 7 stands twice in layers, in '7' and '7:2': give each layer one length."),
        (
            "0,1:11",
            "layers holds '1:11': its length must be from 1 to the prefix length 10.",
        ),
        ("0,1:0", "layers holds '1:0': its length must be from 1 to the prefix length 10."),
        (
            "0-3:5,7:8",
            "layers is '0-3:5,7:8', where no layer has all 10 tokens: make the prefix length 8.",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(layers: str, sentence: str) -> None:
    with pytest.raises(UserError) as error:
        method(layers)
    assert error.value.message == sentence


def test_embedding_only_tuning_has_no_choice_of_layers() -> None:
    with pytest.raises(UserError) as error:
        method("0-9", depth=Depth.EMBEDDING_ONLY)
    assert error.value.message == (
        "layers is '0-9', but embedding-only tuning reaches every layer: leave it empty, or train "
        "keys and values."
    )


def test_a_layer_beyond_the_last_is_refused_in_the_stack_that_lacks_it() -> None:
    with pytest.raises(UserError) as error:
        cost(SMOLLM2, method("0-9,20-30"))
    assert error.value.message == (
        "layers names '20-30', but the backbone has 30 layers, 0 to 29: leave out those it does "
        "not have."
    )
    with pytest.raises(UserError) as error:
        BART.lengths(method("0,6-11"))
    assert error.value.message == (
        "layers names '6-11', but the encoder has 6 layers, 0 to 5: leave out those it does not "
        "have."
    )
    without = method("0:2,6-11", encoder_self=False)
    assert BART.lengths(without) == dict.fromkeys(
        (Place.DECODER_SELF, Place.DECODER_CROSS), (2, *[0] * 5, *[10] * 6)
    )
    with pytest.raises(UserError, match="'12', but the decoder has 12 layers, 0 to 11: leave"):
        BART.lengths(method("12", encoder_self=False))


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
