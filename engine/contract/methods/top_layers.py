"""The last layers of a backbone, trained (Li & Liang 2021, section 5.2)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.backbone import BackboneShape
from engine.contract.methods.info import Counts, Drawing, DrawnLayer, MethodInfo, frozen_layers
from engine.contract.schema import check_settings, setting
from engine.contract.specs.starting import backbone_dropout_setting


@dataclass(frozen=True)
class TopLayersMethod:
    """The last layers and the final norm are trained (FT-top2 of Li & Liang 2021, section 5.2).

    Of an encoder–decoder they are the decoder's.

    Raises:
        UserError: fewer than one layer.
    """

    top_layers: int = setting(
        2,
        label="Top layers",
        help="How many of the last layers are trained, of an encoder–decoder's decoder: 2 in the "
        "paper.",
        low=1,
    )
    embeddings: bool = setting(
        False,
        label="Input embeddings too",
        help="Whether the input embeddings are trained too, as in one of the paper's two scripts.",
        flag="--top-embeddings",
    )
    """The authors' script has both: `--top_layers 22` is without them (25.19M on GPT-2 medium),
    `--top_layers 2` with (run_language_modeling.py:776-847)."""
    backbone_dropout: bool = backbone_dropout_setting()

    def __post_init__(self) -> None:
        check_settings(self)


def _describe(method: TopLayersMethod) -> str:
    name = "top layer" if method.top_layers == 1 else f"top {method.top_layers} layers"
    return f"{name}, embeddings" if method.embeddings else name


def _counts(shape: BackboneShape, method: TopLayersMethod) -> Counts:
    """For the memory alone: layers of one size beside the embeddings."""
    embeddings = shape.vocabulary * shape.width
    layer = (shape.parameters - embeddings) // shape.total_layers
    roughly = min(method.top_layers, shape.layers) * layer + method.embeddings * embeddings
    return Counts(roughly, roughly, exact=False)


def _draw(shape: BackboneShape, method: TopLayersMethod) -> Drawing:
    layers, top = shape.total_layers, min(method.top_layers, shape.layers)
    also = ", the final norm and the input embeddings" if method.embeddings else " and the norm"
    last = "last layer" if method.top_layers == 1 else f"last {method.top_layers} layers"
    return Drawing(
        (*(DrawnLayer(),) * (layers - top), *(DrawnLayer(text_trained=True),) * top),
        f"The last {top} of {layers} layers{also} are trained; the others are frozen.",
        f"{last}, trained",
        f"{layers - top} of {frozen_layers(layers)}",
    )


TOP_LAYERS = MethodInfo(
    TopLayersMethod,
    "top-layers",
    "Top layers",
    "Train the last layers and the final norm (FT-top2 of Li & Liang 2021)",
    describe=_describe,
    counts=_counts,
    draw=_draw,
    learning_rate=lambda method: 5e-5,  # Li & Liang 2021, table 6; not measured here
    reading_rate=lambda method: 1e-4,
    own_weights=True,
)
