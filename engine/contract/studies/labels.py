"""What runs, series and points of a study are called, for people; nothing is known by it."""

from __future__ import annotations

import dataclasses
import enum
from collections import defaultdict
from collections.abc import Callable, Mapping

from engine.contract.specs.run import RunSpec, describe_method
from engine.contract.studies.keys import Factors, StudyKey
from engine.contract.studies.recipes import RECIPES, StudyKind
from engine.contract.studies.results import Difference
from engine.contract.studies.study import StudyRun, StudySpec


def run_name(kind: StudyKind, run: StudyRun) -> str:
    """What a run of a study is called: "prefix 10, MLP 512, 200 rows, seed 1"."""
    recipe, spec = RECIPES[kind], run.spec
    name = recipe.name_form.format(
        method=describe_method(spec.method),
        series=recipe.series_text(spec),
        point=recipe.point_text(spec),
    )
    return f"{name}, seed {spec.training.seed}"


class StudyLabels:
    """The words of a study's series and points, each its own.

    Attributes:
        series: by their factors, in the order of the study; "" where points stand alone.
        points: the same.
    """

    def __init__(self, study: StudySpec) -> None:
        recipe = RECIPES[study.kind]
        self._study = study
        series: dict[Factors, RunSpec] = {}
        points: dict[Factors, RunSpec] = {}
        for run in study.runs:
            key = study.key(run)
            series.setdefault(key.series, run.spec)
            points.setdefault(key.point, run.spec)
        self.series = _distinct(series, recipe.series_text)
        self.points = _distinct(points, recipe.point_text)

    def texts(self, key: StudyKey) -> tuple[str, str]:
        """Series and point; "" where the study has them no longer."""
        return self.series.get(key.series, ""), self.points.get(key.point, "")

    def run(self, run: StudyRun) -> str:
        """Where a run stands: "prefix 10, MLP 512 · 50 training rows"."""
        key = self._study.key(run)
        form = RECIPES[self._study.kind].point_form
        point = form.format(point=self.points[key.point])
        return " · ".join(filter(None, (self.series[key.series], point)))

    def difference(self, difference: Difference) -> str:
        """Such as "prefix 10, MLP 512 minus full fine-tuning"."""
        group, first = self.texts(difference.first)
        other, second = self.texts(difference.second)
        if not difference.first.point:
            return f"{group} minus {other}"
        start = f"{group}: " if group else ""
        return f"{start}{first} minus {second}"


def _distinct(
    specs: Mapping[Factors, RunSpec], text: Callable[[RunSpec], str]
) -> dict[Factors, str]:
    """A text for each; methods that are called alike get the settings in which they differ."""
    texts = {factors: text(spec) for factors, spec in specs.items()}
    alike = defaultdict(list)
    for factors, words in texts.items():
        alike[words].append(factors)
    for group in alike.values():
        methods = {factors: specs[factors].method for factors in group}
        names = dict.fromkeys(
            field.name for method in methods.values() for field in dataclasses.fields(method)
        )
        for name in names:
            values = {factors: getattr(method, name, None) for factors, method in methods.items()}
            if len(set(values.values())) > 1:
                for factors, value in values.items():
                    texts[factors] += f", {name.replace('_', ' ')} {_value_text(value)}"
    return texts


def _value_text(value: object) -> str:
    return str(value.value if isinstance(value, enum.Enum) else value)
