"""The form's texts: numbers as they are typed, and the sentence for each that does not read."""

from dataclasses import replace

import pytest

from app.pages.studies.form.draft import StudyDraft, lines, whole_numbers
from engine.contract.errors import UserError
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.specs.run import default_training
from engine.contract.studies.recipes import PAPER_WORDS, StudyKind, StudySettings
from tests.helpers.errors import refused
from tests.helpers.studies import BASE


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("50, 100, 200, 500", (50, 100, 200, 500)),
        ("50 100;200,\t500", (50, 100, 200, 500)),
        (" 7 ", (7,)),
        ("-1, 0", (-1, 0)),
        ("", ()),
    ],
)
def test_numbers_as_people_type_them(text: str, numbers: tuple[int, ...]) -> None:
    assert whole_numbers("sizes", text) == numbers


@pytest.mark.parametrize("text", ["5o", "1.5", "1e3", "fifty", "50-100", "1234567890123"])
def test_what_is_no_number_is_named(text: str) -> None:
    with refused("not-whole-numbers", label="sizes", part=text):
        whole_numbers("sizes", f"50, {text}")


def test_lines_without_the_empty_ones() -> None:
    assert lines("active\n\n  banana \n") == ("active", "banana")


@pytest.mark.parametrize("kind", StudyKind)
def test_the_untouched_form_is_the_recipe(kind: StudyKind) -> None:
    settings = StudyDraft(kind=kind).settings(BASE)
    methods = (BASE.method, FinetuneMethod()) if settings.methods else ()
    assert settings == StudySettings(kind, BASE, methods=methods)
    assert settings.words == PAPER_WORDS


def test_fields_of_other_recipes_are_not_read() -> None:
    draft = StudyDraft(kind=StudyKind.LENGTH, methods=()).typed("sizes", "x").typed("words", "")
    assert draft.settings(BASE).lengths == StudySettings.lengths
    assert draft.typed("lengths", "1, 2").settings(BASE).lengths == (1, 2)
    assert draft.typed("seeds", "7").settings(BASE).seeds == (7,)
    assert draft.typed("sizes", "3").texts["sizes"] == "3"


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (StudyDraft().typed("sizes", ""), "sizes"),
        (StudyDraft().typed("sizes", "0, 5"), "sizes"),
        (StudyDraft().typed("seeds", "1, 1"), r"seeds .*1, 1"),
        (StudyDraft(methods=("prefix",)), "methods"),
        (StudyDraft(kind=StudyKind.INITIALISATION).typed("words", " \n"), "words"),
    ],
)
def test_what_cannot_be_studied_is_said(draft: StudyDraft, field: str) -> None:
    with pytest.raises(UserError, match=field):
        draft.settings(BASE)


def test_a_study_starts_from_a_prefix() -> None:
    method = FinetuneMethod()
    tuned = replace(BASE, method=method, training=default_training(method))
    with pytest.raises(UserError, match="full fine-tuning"):
        StudyDraft().settings(tuned)
