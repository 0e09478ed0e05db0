"""Word differences, the nearest reference, and which values are said."""

from hypothesis import given
from hypothesis import strategies as st

from app.word_diff import Piece, WordState, nearest, word_diff, words
from engine.contract.runs.coverage import Said, coverage, normalise, unsupported

TEXTS = st.text(st.sampled_from("ab cd.,'-\n éß1 2"), max_size=60)
ANY = st.text(max_size=40)


def both(pieces: tuple[Piece, ...]) -> tuple[str, str]:
    return "".join(p.here for p in pieces), "".join(p.there for p in pieces)


@given(TEXTS | ANY, TEXTS | ANY)
def test_pieces_give_both_texts_back(here: str, there: str) -> None:
    assert both(word_diff(here, there)) == (here, there)


@given(TEXTS, TEXTS)
def test_shared_pieces_hold_the_same_words(here: str, there: str) -> None:
    for piece in word_diff(here, there):
        if piece.change is WordState.SAME:
            assert words(piece.here) == words(piece.there)


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_as_many_words_are_shared_as_can_be(a: list[str], b: list[str]) -> None:
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i + 1][j + 1] = (
                table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
            )
    pieces = word_diff(" ".join(a), " ".join(b))
    shared = sum(len(words(p.here)) for p in pieces if p.change is WordState.SAME)
    assert shared == table[-1][-1]


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert all(piece.change is WordState.SAME for piece in word_diff(text, text))


def test_words_are_replaced_whole_missing_first() -> None:
    pieces = word_diff("The Mill serves Thai food.", "The Mill serves French food.")
    assert [(p.change, (p.here or p.there).strip()) for p in pieces] == [
        (WordState.SAME, "The Mill serves"),
        (WordState.MISSING, "French"),
        (WordState.INSERTED, "Thai"),
        (WordState.SAME, "food."),
    ]


def test_spaces_make_no_difference() -> None:
    pieces = word_diff("a  b\nc", "a b c")
    assert [p.change for p in pieces] == [WordState.SAME]


def test_a_lone_shared_comma_is_no_island() -> None:
    pieces = word_diff("one two, three four", "five six, seven eight")
    assert [p.change for p in pieces] == [WordState.MISSING, WordState.INSERTED]


def test_words_with_inner_marks_stay_whole() -> None:
    assert words("It's 1,200 m (well-known), no?") == [
        "It's", "1,200", "m", "(", "well-known", ")", ",", "no", "?",
    ]  # fmt: skip


def test_nearest_reference_shares_most_words() -> None:
    references = ("A pub by the river.", "The Mill is a cheap pub.", "Cheap food.")
    assert nearest("The Mill is a cheap place.", references) == 1
    assert nearest("anything", ()) == -1
    assert nearest("", ("", "x")) == 0


FIELDS = (
    ("name", "Café Brazil"),
    ("food", "English"),
    ("priceRange", "more than £30"),
    ("familyFriendly", "yes"),
    ("beds", "1200"),
)


def test_values_are_found_literally_and_counted() -> None:
    output = "Cafe Brazil has english food for more than £30 and 1,200 beds; kids are welcome."
    found = coverage(FIELDS, output)
    assert found.said == (
        Said.NORMALISED,
        Said.NORMALISED,
        Said.EXACT,
        Said.UNCHECKED,
        Said.NORMALISED,
    )
    assert (found.count, found.total) == (4, 4)


def test_part_of_a_word_is_not_the_value() -> None:
    found = coverage((("food", "Eng"), ("beds", "12")), "English, 120 beds")
    assert found.said == (Said.MISSING, Said.MISSING)
    assert (found.count, found.total) == (0, 2)


def test_long_texts_are_not_checked() -> None:
    article = " ".join(["word"] * 30)
    assert coverage((("article", article),), article).said == (Said.UNCHECKED,)


def test_normalising_keeps_decimals_apart() -> None:
    assert normalise("£10.50, (Crème) 12,000") == "10.50 creme 12000"


def test_numbers_and_names_beyond_the_input_are_listed() -> None:
    output = "Cafe Brazil serves Tuscan beef for £10.50. Good food. It has 1,200 beds."
    assert unsupported(output, FIELDS, "") == ("10.50", "Tuscan")
    assert unsupported("Café Brazil has English food.", FIELDS, "") == ()
