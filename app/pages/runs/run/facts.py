"""A run's results and settings in words, for the details pane."""

from __future__ import annotations

from app.models.run import RunModel
from app.models.run_numbers import backbone_parameters, saved_bytes, work_s
from app.pages.runs.form.draft import SETTINGS, default_draft, draft_of
from app.pages.runs.form.sections import METHOD, SECTIONS
from app.score_column import exact
from app.words import count, date, duration, from_home, percent, size
from engine.contract.methods.prefix import as_prefix
from engine.contract.metrics import metric_title
from engine.contract.schema import Architecture
from engine.contract.specs.run import describe_system
from engine.contract.tasks.all import task_info

Rows = list[tuple[str, str]]


def facts(run: RunModel) -> list[tuple[str, Rows]]:
    """Groups of (label, value) pairs; groups without any are left out."""
    groups = [("Results", _results(run)), ("Run", _about(run)), *_settings(run)]
    return [(title, rows) for title, rows in groups if rows]


def _results(run: RunModel) -> Rows:
    rows: Rows = []
    for split, outputs in run.outputs.items():
        for score in outputs.scores:
            value = f"{exact(score)} over {outputs.count} inputs: {score.signature}"
            rows.append((f"{metric_title(score.metric)}, {split}", value))
    if run.finished is not None:
        rows.append(("Saved", f"the parameters of step {run.finished.best_step:,}"))
        file = size(saved_bytes(run) or 0)
        if run.finished.stored_parameters:
            file += f" for {count(run.finished.stored_parameters)} numbers"
        rows.append(("Size", file))
        paused = f", and {duration(run.paused_s)} paused" if run.paused_s >= 1 else ""
        rows.append(("Time", duration(work_s(run) or 0.0) + paused))
    return rows


def _about(run: RunModel) -> Rows:
    spec = run.spec
    rows = [
        ("Backbone", spec.backbone),
        ("Task", task_info(spec.task).title),
        ("Method", describe_system(spec.method, spec.task)),
        ("Id", spec.run_id),
        ("Folder", from_home(run.path)),
        ("Created", date(run.meta.created_s)),
    ]
    if (started := run.started) is not None:
        share = percent(started.trainable_parameters, backbone_parameters(run) or 0)
        inputs = f"{count(started.valid_inputs)} validated, {count(started.test_inputs)} tested"
        rows += [
            ("Trained", f"{count(started.trainable_parameters)} parameters ({share})"),
            ("Frozen", f"{count(started.frozen_parameters)} parameters"),
            ("Rows", f"{count(started.train_rows)} trained on"),
            ("Inputs", inputs),
            ("Device", f"{started.device}, {started.precision}"),
            ("Backbone's sha256", started.backbone_fingerprint),
            *([("Computed by", started.computed_by)] if started.computed_by else []),
            ("Versions", ", ".join(f"{name} {version}" for name, version in started.versions)),
        ]
    return rows


def _settings(run: RunModel) -> list[tuple[str, Rows]]:
    draft = draft_of(run.spec)
    default = default_draft(answer=draft["answer"])
    groups = []
    for section in SECTIONS:
        rows: Rows = []
        if section is METHOD and (prefix := as_prefix(run.spec.method)) is not None:
            rows.append(("Prefix length", f"{prefix.prefix_length} tokens"))
        for name in section.names:
            item, value = SETTINGS[name], draft[name]
            # What only some backbones have is listed where it was changed.
            is_common = item.setting.architecture is Architecture.ANY
            if draft.uses(name) and (is_common or value != default[name]):
                rows.append((item.setting.label, item.words(value)))
        groups.append((section.title, rows))
    return groups
