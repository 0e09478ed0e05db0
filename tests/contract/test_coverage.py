"""What stands inside a value is part of it: times, dates, prices, names, signs."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.contract.runs.coverage import MAX_WORDS, Said, coverage, normalise, unsupported

VALUES = (
    "2:1", "18:30", "10:30-11:45", "12/05/2026", "12.05.2026", "2026-05-12", "1,000", "1'000",
    "1\u202f000", "$1,234.56", "3.5", "1,5", "£20-25", "20%", "-5", "−5", "A&B", "O'Neill",
    "O’Neill",
    "anna.smith@Example.com", "C++", "C#", "A+", "AC/DC", "Rock'n'Roll", "B12", "3D", "iPhone",
    "Brand™", "Bacon_Explosion", "Zu\u0308rich", "İstanbul", "№5", "1½", "St. Mary's", "U.S.A.",
    "(555) 123-4567", "5'11\"", "#1", "@Home", "x^2",
)  # fmt: skip

PARTS = st.text("0123456789", min_size=1, max_size=4) | st.sampled_from(
    ("A", "Neill", "mail", "Éire", "iPhone", "Ltd", "C", "B12")
)
JOINTS = st.sampled_from((*".,:;/-–&'’@+#_%£$€*()\"™½°", " "))


@st.composite
def values(draw: st.DrawFn) -> str:
    """Words and numbers with any punctuation between and around them."""
    text = draw(JOINTS | st.just(""))
    for _ in range(draw(st.integers(1, 4))):
        text += draw(PARTS) + draw(JOINTS | st.just(""))
    return text.strip()


@pytest.mark.parametrize("value", VALUES)
def test_a_value_that_is_repeated_is_said_and_nothing_of_it_is_new(value: str) -> None:
    output = f"The thing is {value}, as said."
    assert coverage([("thing", value)], output).said == (Said.EXACT,)
    assert unsupported(output, [("thing", value)], "") == ()
    assert unsupported(output, [], f"thing : {value} | place : here") == ()


@given(values())
def test_any_punctuation_inside_a_value_is_kept(value: str) -> None:
    assume(0 < len(normalise(value).split()) <= MAX_WORDS)
    output = f"so it is {value} and no more"
    found = coverage([("thing", value)], output)
    assume(found.total)  # "yes" and the like are not counted
    assert found.said == (Said.EXACT,)
    assert unsupported(output, [("thing", value)], "") == ()


@given(st.text(max_size=60), st.text(max_size=60))
def test_every_listed_piece_stands_in_the_output(output: str, source: str) -> None:
    for piece in unsupported(output, [], source):
        assert piece in output
    assert unsupported(output, [], output) == ()


@pytest.mark.parametrize(
    ("value", "output"),
    [
        ("2", "It ended 2:1."),
        ("3", "It scored 3.5 points."),
        ("1", "There were 1,000 of them."),
        ("5", "It was -5 degrees."),
        ("C", "It is written in C++."),
        ("C++", "It is written in C."),
        ("-5", "It was 5 degrees."),
    ],
)
def test_a_part_is_not_the_value(value: str, output: str) -> None:
    assert coverage([("thing", value)], output).said == (Said.MISSING,)


@pytest.mark.parametrize(
    ("value", "output"),
    [
        ("北京大学", "他在北京大学学习。"),
        ("3.5", "评分为3.5分"),
        ("3.5分", "评分为3.5分。"),
        ("3시간", "약 3시간이 걸린다"),
        ("กรุงเทพ", "เขาอยู่ที่กรุงเทพมานาน"),
        ("서울", "서울에서 살았다."),
        ("แม่น้ำ", "โรงแรมใกล้แม่น้ำ"),
        ("川", "ホテルは川の近くです。"),
    ],
)
def test_scripts_without_blanks(value: str, output: str) -> None:
    assert coverage([("place", value)], output).said == (Said.EXACT,)
    assert unsupported(output, [("place", value)], "") == ()


def test_a_score_or_time_with_another_sign_is_the_same() -> None:
    fields = [("score", "2:1"), ("start", "18:30")]
    output = "They won 2-1 after 18.30."
    assert coverage(fields, output).said == (Said.NORMALISED, Said.NORMALISED)
    assert unsupported(output, fields, "") == ()


def test_another_number_is_listed_as_it_stands() -> None:
    fields = [("score", "2:1"), ("start", "18:30"), ("seats", "1,000")]
    output = "They won 3:1 at 19:30 before 1,200 in Tuscany, near the iPod shop."
    assert unsupported(output, fields, "") == ("3:1", "19:30", "1,200", "Tuscany")
