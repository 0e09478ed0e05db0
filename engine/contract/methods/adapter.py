"""Adapters: small layers between those of a frozen backbone."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from engine.contract.backbone import BackboneShape
from engine.contract.methods.info import Counts, Drawing, MethodInfo, draw_beside
from engine.contract.schema import check_settings, setting
from engine.contract.specs.starting import backbone_dropout_setting


class AdapterDesign(enum.Enum):
    """Where adapters stand and what they are made of."""

    LIN = "lin"
    """Norm -> down -> ReLU -> up -> residual, once after each layer (Lin et al. 2020; the
    baseline of Li & Liang 2021)."""
    HOULSBY = "houlsby"
    """down -> GELU -> up -> residual, after each attention's projection and after the
    feed-forward, before they are added to the stream (Houlsby et al. 2019, section 2.1)."""


@dataclass(frozen=True)
class AdapterMethod:
    """Adapter-tuning: small layers between those of a frozen backbone.

    Raises:
        UserError: a bottleneck below 1, or a budget outside 0 to 100 %.
    """

    design: AdapterDesign = setting(
        AdapterDesign.LIN,
        label="Design",
        help="Where adapters are added: after each layer (the paper's baseline), or after each "
        "attention and each feed-forward.",
        labels=(
            (AdapterDesign.LIN, "Lin: one per layer"),
            (AdapterDesign.HOULSBY, "Houlsby: after each part"),
        ),
    )
    bottleneck: int | None = setting(
        None,
        label="Bottleneck",
        help="Hidden width of an adapter; by default the one that comes nearest to the budget.",
        low=1,
        none="by the budget",
    )
    budget_percent: float = setting(
        0.1,
        label="Budget",
        help="Trained parameters in per cent of the backbone's: 0.1 and 3 in the paper.",
        flag="--budget",
        unit="%",
        above=0,
        high=100,
        factor=2,
        visible_when=(("bottleneck", (None,)),),
    )
    backbone_dropout: bool = backbone_dropout_setting()

    def __post_init__(self) -> None:
        check_settings(self)


def adapter_sites(design: AdapterDesign, *, layers: int, attentions: int) -> int:
    """How many adapters a backbone takes.

    Args:
        design: where they stand.
        layers: of encoder and decoder together.
        attentions: self-attentions and cross-attentions together.
    """
    return layers if design is AdapterDesign.LIN else layers + attentions


def adapter_parameters(design: AdapterDesign, *, width: int, bottleneck: int) -> int:
    """Parameters of one adapter: both matrices with biases, and Lin's norm."""
    norm = 2 * width if design is AdapterDesign.LIN else 0
    return norm + (width * bottleneck + bottleneck) + (bottleneck * width + width)


def adapter_bottleneck(method: AdapterMethod, *, width: int, sites: int, parameters: int) -> int:
    """The bottleneck given, or the one whose parameters come nearest to the budget, from 1.

    Args:
        method: the bottleneck, or the budget in per cent.
        width: of the hidden states.
        sites: how many adapters there are.
        parameters: of the backbone.
    """
    if method.bottleneck is not None:
        return method.bottleneck
    fixed = adapter_parameters(method.design, width=width, bottleneck=0)
    each = adapter_parameters(method.design, width=width, bottleneck=1) - fixed
    target = parameters * method.budget_percent / 100
    return max(1, round((target / sites - fixed) / each))


def _describe(method: AdapterMethod) -> str:
    title = DESIGNS[method.design]
    if method.bottleneck is None:
        return f"{title} adapters, {method.budget_percent:g} %"
    return f"{title} adapters, bottleneck {method.bottleneck}"


def _counts(shape: BackboneShape, method: AdapterMethod) -> Counts:
    design, width = method.design, shape.width
    sites = adapter_sites(design, layers=shape.layer_modules, attentions=shape.attentions)
    bottleneck = adapter_bottleneck(method, width=width, sites=sites, parameters=shape.parameters)
    count = sites * adapter_parameters(design, width=width, bottleneck=bottleneck)
    return Counts(count, count)


def _draw(shape: BackboneShape, method: AdapterMethod) -> Drawing:
    layers = f"each of the {shape.total_layers} frozen layers"
    words = f"After {layers}, a small trained one is added."
    if method.design is AdapterDesign.HOULSBY:
        words = (
            f"In {layers}, small trained ones are added after each attention and after the "
            "feed-forward."
        )
    return draw_beside(shape, words=words, trained="adapters, trained")


DESIGNS = {AdapterDesign.LIN: "Lin", AdapterDesign.HOULSBY: "Houlsby"}
"""Whose each is."""
ADAPTER = MethodInfo(
    AdapterMethod,
    "adapter",
    "Adapters",
    "Train small layers between those of a frozen backbone (Houlsby et al. 2019, Lin et al. 2020)",
    describe=_describe,
    counts=_counts,
    draw=_draw,
    learning_rate=lambda method: 3e-4,  # Houlsby et al. 2019's code; not measured here
    reading_rate=lambda method: 1e-3,
    offered=("budget=3", ""),
)
