"""A run's results and settings in words, for the details pane."""

from __future__ import annotations

from app.models.run import RunModel
from app.models.run_numbers import backbone_parameters, stored_bytes, work_s
from app.pages.runs.form.advanced import SECTIONS
from app.pages.runs.form.draft import default_draft, draft_of
from app.pages.runs.form.fields import Choice, Field, Switch, Whole, any_backbone
from app.pages.runs.form.fields_method import METHOD
from app.words import count, date, duration, from_home, percent, size
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.metrics import metric_title
from engine.contract.specs.run import describe_method

Rows = list[tuple[str, str]]


def facts(run: RunModel) -> list[tuple[str, Rows]]:
    """Groups of (label, value) pairs; groups without any are left out."""
    groups = [("Results", _results(run)), ("Run", _about(run)), *_settings(run)]
    return [(title, rows) for title, rows in groups if rows]


def _results(run: RunModel) -> Rows:
    rows: Rows = []
    for split, outputs in run.outputs.items():
        for score in outputs.scores:
            interval = "" if score.low is None else f" [{score.low:.1f}, {score.high:.1f}]"
            value = f"{score.value:.2f}{interval} over {outputs.count} inputs: {score.signature}"
            rows.append((f"{metric_title(score.metric)}, {split}", value))
    if run.finished is not None:
        rows.append(("Saved", f"the parameters of step {run.finished.best_step:,}"))
        stored = size(stored_bytes(run) or 0)
        if run.finished.stored_parameters:
            stored += f" for {count(run.finished.stored_parameters)} numbers"
        rows.append(("Stored", stored))
        paused = f", and {duration(run.paused_s)} paused" if run.paused_s >= 1 else ""
        rows.append(("Time", duration(work_s(run) or 0.0) + paused))
    return rows


def _about(run: RunModel) -> Rows:
    spec = run.spec
    rows = [
        ("Backbone", spec.backbone),
        ("Method", describe_method(spec.method)),
        ("Id", spec.run_id),
        ("Folder", from_home(run.path)),
        ("Created", date(run.meta.created_s)),
    ]
    if run.started is not None:
        started = run.started
        share = percent(started.trainable_parameters, backbone_parameters(run) or 0)
        rows += [
            ("Trained", f"{count(started.trainable_parameters)} parameters ({share})"),
            ("Frozen", f"{count(started.frozen_parameters)} parameters"),
            ("Rows", f"{count(started.train_rows)} trained on"),
            (
                "Inputs",
                f"{count(started.valid_inputs)} validated, {count(started.test_inputs)} tested",
            ),
            ("Device", f"{started.device}, {started.precision}"),
            ("Backbone's sha256", started.backbone_fingerprint),
            ("Versions", ", ".join(f"{name} {version}" for name, version in started.versions)),
        ]
    return rows


def _settings(run: RunModel) -> list[tuple[str, Rows]]:
    draft, usual = draft_of(run.spec), default_draft()
    groups = []
    for section in SECTIONS:
        # What only some backbones have is told where it was changed.
        used = [
            field
            for field in section.fields
            if field.used(draft)
            and (field.fits is any_backbone or draft[field.name] != usual[field.name])
        ]
        rows = [(field.label, _say(field, draft[field.name])) for field in used]
        if section is METHOD and isinstance(run.spec.method, PrefixMethod):
            rows.insert(0, ("Prefix length", f"{run.spec.method.prefix_length} tokens"))
        groups.append((section.title, rows))
    return groups


def _say(field: Field, value: object) -> str:
    """A setting's value with the words of its editor."""
    if isinstance(field.kind, Choice):
        return next(words for member, words in field.kind.words if member is value)
    if isinstance(field.kind, Switch):
        return "yes" if value else "no"
    if value is None and isinstance(field.kind, Whole):
        return field.kind.none
    return f"{value:g}" if isinstance(value, float) else str(value)
