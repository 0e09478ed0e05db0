"""The tasks that Compare can show."""

from __future__ import annotations

from functools import partial

from app.pages.compare.answers.showing import LABEL_SHOWING, SPAN_SHOWING, TAG_SHOWING
from app.pages.compare.answers.view import MarkedAnswersView
from app.pages.compare.generation.view import GenerationView
from app.pages.compare.task_view import TaskView
from engine.contract.tasks.generation import GENERATION
from engine.contract.tasks.labels import LABELS
from engine.contract.tasks.spans import SPANS
from engine.contract.tasks.tags import TAGS

TASK_VIEWS = (
    TaskView(GENERATION, GenerationView, has_blind_test=True, has_bare=True),
    *(
        TaskView(
            info, partial(MarkedAnswersView, showing=showing), has_blind_test=False, has_bare=False
        )
        for info, showing in (
            (LABELS, LABEL_SHOWING),
            (TAGS, TAG_SHOWING),
            (SPANS, SPAN_SHOWING),
        )
    ),
)
"""An entry for each task; the first is that of files, which say nothing of theirs."""
