"""What stays of a run: a folded prefix of some hundred kilobytes, a delta, or all the weights."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import transformers

from engine.backbones.model import quiet
from engine.contract.errors import EngineError
from engine.contract.methods.prefix import FinetuneMethod, Placement, PrefixMethod
from engine.contract.runs.delta_card import DeltaCard
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.prefix_card import PositionScheme, PrefixCard
from engine.contract.runs.scores import Score
from engine.contract.specs.run import RunSpec
from engine.data.prompt import prompt_name
from engine.exchange import delta, native
from engine.methods.base import Foldable, Method, count
from engine.methods.finetune import FullFinetuning
from engine.methods.prefix import PrefixTuning
from engine.training.disk import explain_save_errors


@dataclass(frozen=True)
class Kept:
    """What is kept: how many numbers, and the size of the files that hold them, in bytes."""

    parameters: int
    size_bytes: int


def keep(
    folder: RunFolder,
    spec: RunSpec,
    method: Method,
    *,
    data_name: str,
    train_rows: int,
    scores: tuple[Score, ...],
) -> Kept:
    """Write what was trained into the run folder, replacing what was there."""
    if isinstance(method, FullFinetuning):
        return Kept(count(method.trainable()), _keep_model(folder.model, method))
    if isinstance(method, PrefixTuning):
        return _keep_prefix(folder, spec, method, data_name, train_rows, scores)
    if not isinstance(method, Foldable) or isinstance(spec.method, PrefixMethod | FinetuneMethod):
        raise EngineError(f"{type(method).__name__} says nothing about what is kept of it")
    backbone = method.backbone
    card = delta.write(
        folder.delta,
        method.folded(),
        DeltaCard(
            name=folder.read_meta().name,
            method=spec.method,
            backbone=backbone.name,
            backbone_fingerprint=backbone.fingerprint,
            linearisation=spec.data.linearisation,
            prompt=prompt_name(spec.data.prompt, encoder_decoder=backbone.is_encoder_decoder),
            decoding=spec.decoding,
            data_name=data_name,
            data_fingerprint=spec.data.fingerprint,
            train_rows=train_rows,
            trainable_parameters=count(method.trainable()),
            created_s=time.time(),
            run_id=spec.run_id,
            scores=scores,
        ),
    )
    return Kept(card.stored_parameters, card.stored_bytes)


def _keep_prefix(
    folder: RunFolder,
    spec: RunSpec,
    method: PrefixTuning,
    data_name: str,
    train_rows: int,
    scores: tuple[Score, ...],
) -> Kept:
    if not isinstance(spec.method, PrefixMethod):
        raise EngineError(f"{type(method).__name__} was made of {type(spec.method).__name__}")
    key_values = method.folded()
    apart = method.backbone.is_encoder_decoder
    heads, _, width = next(iter(key_values.values())).shape[1:]
    card = PrefixCard(
        name=folder.read_meta().name,
        method=spec.method,
        backbone=method.backbone.name,
        backbone_fingerprint=method.backbone.fingerprint,
        layers=len(key_values),
        kv_heads=heads,
        head_width=width,
        positions=_positions(spec.method, encoder_decoder=apart),
        linearisation=spec.data.linearisation,
        prompt=prompt_name(spec.data.prompt, encoder_decoder=apart),
        decoding=spec.decoding,
        data_name=data_name,
        data_fingerprint=spec.data.fingerprint,
        train_rows=train_rows,
        created_s=time.time(),
        run_id=spec.run_id,
        scores=scores,
    )
    native.write(folder.prefix, key_values, card)
    numbers = sum(entries.numel() for entries in key_values.values())
    return Kept(numbers, _tensors_size(folder.prefix))


def _keep_model(place: Path, method: FullFinetuning) -> int:
    """Weights and tokenizer in transformers' format, replaced as a whole."""
    part = place.with_name(f".{place.name}.part")
    with explain_save_errors(place):
        shutil.rmtree(part, ignore_errors=True)
        try:
            with quiet(transformers):
                method.backbone.model.save_pretrained(part)
                method.backbone.tokenizer.save_pretrained(part)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        shutil.rmtree(place, ignore_errors=True)
        part.rename(place)
    return _tensors_size(place)


def _tensors_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))


def _positions(method: PrefixMethod, *, encoder_decoder: bool) -> PositionScheme:
    if method.position is Placement.INFIX:
        return PositionScheme.INFIX
    return PositionScheme.UNSHIFTED if encoder_decoder else PositionScheme.AFTER_PREFIX
