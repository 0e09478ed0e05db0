"""The result of a blind session in sentences, with every number that made it."""

from __future__ import annotations

from app.pages.compare.blind.record import BlindRecord, BlindResult
from app.qt.plain_text import markup


def result_text(record: BlindRecord, found: BlindResult) -> str:
    """HTML: counts, the sign test, and how far the row scores agree."""
    first, second = markup(record.first.name), markup(record.second.name)
    decided = found.first_wins + found.second_wins
    votes = len(record.votes)
    if votes == 0:
        return "<p>No pairs were judged.</p>"
    lines = [
        f"{votes} of {len(record.examples)} examples were judged: <b>{first}</b> was preferred in "
        f"<b>{found.first_wins}</b>, <b>{second}</b> in <b>{found.second_wins}</b>, neither in "
        f"{found.ties}.",
        _test(found, decided),
        _agreement(found),
    ]
    if votes < len(record.examples):
        lines.append("The session was ended early. Stopping as soon as one system leads makes the "
                     "p-value too small.")  # fmt: skip
    return "".join(f"<p>{line}</p>" for line in lines)


def _test(found: BlindResult, decided: int) -> str:
    if decided == 0:
        return "Without a preference, there is nothing to test."
    p = "below 0.001" if found.p < 0.001 else f"{found.p:.3f}"
    verdict = (
        "a preference this one-sided would be rare between systems of equal quality."
        if found.p < 0.05
        else "this does not show which system is better."
    )
    return (
        f"Two-sided exact sign test, ties left out: n = {decided}, "
        f"{max(found.first_wins, found.second_wins)} against "
        f"{min(found.first_wins, found.second_wins)}, p = {p}: {verdict}"
    )


def _agreement(found: BlindResult) -> str:
    if found.comparable == 0:
        return "No judged pair had different row BLEU, so agreement with it cannot be said."
    share = 100 * found.agreeing / found.comparable
    return (
        f"The preferred output also had the higher row BLEU in {found.agreeing} of "
        f"{found.comparable} ({share:.0f} %; chance is about 50 %)."
    )
