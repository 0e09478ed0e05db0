"""Changes of words between two outputs."""

from hypothesis import given
from hypothesis import strategies as st

from app.pages.runs.run.text_changes import TextChange, TextPart, as_html, changes
from app.theme import LIGHT

texts = st.text("ab ,.'é\n", max_size=30)


def test_a_word_replaced_stands_beside_what_it_replaces() -> None:
    assert changes("near the old mill.", "near the new mill.") == (
        TextPart(TextChange.KEPT, "near the "),
        TextPart(TextChange.REMOVED, "old "),
        TextPart(TextChange.ADDED, "new "),
        TextPart(TextChange.KEPT, "mill."),
    )


def test_a_comma_changes_no_word() -> None:
    assert [p.text for p in changes("a b", "a, b") if p.change is TextChange.ADDED] == [", "]


@given(texts, texts)
def test_what_was_not_removed_is_the_new_text(before: str, after: str) -> None:
    parts = changes(before, after)
    kept = "".join(part.text for part in parts if part.change is not TextChange.REMOVED)
    assert kept.split() == after.split()


@given(texts)
def test_the_same_text_has_no_changes(text: str) -> None:
    assert {part.change for part in changes(text, text)} <= {TextChange.KEPT}


def test_markup_in_an_output_is_text_and_marks_are_not_colour_alone() -> None:
    page = as_html(changes("a", "a <b>"), LIGHT)
    assert "&lt;" in page
    assert "underline" in page
    assert "line-through" in as_html(changes("a b", "a"), LIGHT)
