"""Above a study: its name, its question, its progress, and what can be done with it."""

from __future__ import annotations

from itertools import zip_longest

from PySide6.QtWidgets import QMenu, QProgressBar, QWidget

from app.context import AppContext
from app.metric_menu import MetricMenu
from app.models.study_tally import StudyTally, unfinished
from app.pages.studies.actions import StudyActions
from app.qt.boxes import vbox
from app.theme import SPACE_M, SPACE_S, SPACE_XS, scaled_font
from app.widgets.buttons import ToolRow, flat_button
from app.widgets.flow import FlowLayout
from app.widgets.labels import Badge, ElidedLabel, MutedLabel
from engine.contract.errors import UserError
from engine.contract.metrics import answer_of, needs_encoder
from engine.contract.runs.scores import Encoder
from engine.contract.specs.answer import AnswerKind
from engine.contract.studies.recipes import RECIPES
from engine.contract.studies.run_texts import cited
from engine.contract.studies.study import StudySpec

BADGES = 5
"""As many as there are states of unfinished runs."""


class ScoreMenu(MetricMenu):
    """Ticking a metric scores the finished runs by it too."""

    def __init__(self, context: AppContext, actions: StudyActions) -> None:
        settings, tip = context.settings, "Choose the scores shown in the study's figure"
        super().__init__(settings, context.theme, tip)
        self._library, self._actions = context.studies, actions
        self.setAutoRaise(True)
        self.opening.connect(self.fill)
        self.chosen.connect(self._choose)
        self.encoder_chosen.connect(lambda ticked: self._choose(ticked, settings.encoder))

    def fill(self) -> None:
        """Tick those of the current study, as its file has them."""
        study = self._library.current
        if study is None:
            self.show_metrics((), waiting_for="Choose a study first.")
        else:
            study = self._library.reread(study.study_id) or study
            answer = answer_of(study.metrics) or AnswerKind.TEXT
            self.show_metrics(study.metrics, answer=answer)

    def present_encoder(self) -> Encoder:
        """The study's own, which may be one of the command line, or that of the settings."""
        study = self._library.current
        own = study.encoder if study is not None else Encoder()
        return own if own.name else super().present_encoder()

    def _choose(self, ticked: tuple[str, ...], encoder: Encoder | None = None) -> None:
        study = self._library.current
        if study is None:
            return
        if encoder is None:
            encoder = self.present_encoder() if needs_encoder(ticked) else study.encoder
        # Those of before first, in their order.
        metrics = sorted(ticked, key=lambda name: [*study.metrics, *ticked].index(name))
        try:
            self._library.set_metrics(study.study_id, tuple(metrics), encoder)
        except UserError as error:
            self._actions.refused.emit(error.message)
        self.fill()


class StudyHeader(QWidget):
    """Name, question, badges, bar and buttons."""

    def __init__(self, context: AppContext, actions: StudyActions) -> None:
        super().__init__()
        theme = context.theme
        self.scores = ScoreMenu(context, actions)
        self.name = ElidedLabel()
        self.name.setFont(scaled_font(130, bold=True))
        self.question = MutedLabel(theme)
        self.headline = Badge(theme, tone="good")
        self._badges = [Badge(theme) for _ in range(BADGES)]
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(SPACE_XS)
        self.progress.setAccessibleName("Finished runs of the study")
        self.time = MutedLabel(theme)
        self.time.setWordWrap(False)
        states = FlowLayout(self.headline, *self._badges, self.time)
        menu = QMenu(self)
        menu.addActions([actions.show_files, actions.save_figure])
        menu.addSeparator()
        menu.addActions(actions.copies)
        tip = "Show, save or copy the study's results"
        buttons = ToolRow("Study")
        for action in (actions.pause, actions.proceed, actions.stop):
            buttons.add(action)
        buttons.add_space()
        buttons.addWidget(self.scores)
        buttons.addWidget(flat_button("export", tip, text="Figure and tables", menu=menu))
        buttons.add(actions.delete)
        vbox(
            self.name,
            self.question,
            states,
            self.progress,
            buttons,
            parent=self,
            margins=(SPACE_M, SPACE_S, SPACE_M, SPACE_XS),
            spacing=SPACE_XS,
        )

    def show_study(self, study: StudySpec, count: StudyTally, time: str) -> None:
        """Show a study as it is now, and how long it will still take in words."""
        self.time.setText(time)
        recipe = RECIPES[study.kind]
        self.name.set_full_text(study.name)
        self.question.setText(f"{recipe.question} {cited(recipe.source)}.")
        self.headline.setText(count.headline)
        self.headline.set_tone("good" if count.finished == count.total else "frozen")
        for badge, state in zip_longest(self._badges, unfinished(count)):
            badge.setVisible(state is not None)
            if state is not None:
                badge.setText(state.text)
                badge.set_tone(state.tone)
        self.progress.setRange(0, count.total)
        self.progress.setValue(count.finished)
