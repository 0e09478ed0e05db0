"""The Studies page: studies on the left; the current one, or a new one, on the right."""

from __future__ import annotations

from collections.abc import Generator

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from app.assets import icon
from app.pages.studies.actions import StudyActions
from app.pages.studies.form.chooser import RecipeChooser
from app.pages.studies.form.form import StudyForm
from app.pages.studies.form.maker import StudyMaker
from app.pages.studies.results.scores import StudyScores
from app.pages.studies.results.view import StudyView
from app.pages.studies.study_list import LIST_CHARS, StudyListView
from app.qt.boxes import hbox, stack, vbox
from app.shell.page import Page
from app.theme import SPACE_S, scaled_font
from app.widgets.bar_area import BarArea
from app.widgets.buttons import action_button
from app.widgets.labels import Label
from app.widgets.page_splitter import PageSplitter
from app.words import plural
from engine.contract.errors import UserError
from engine.contract.runs.events import RunState
from engine.contract.studies.study import StudyKind

LAYOUT = "studies/columns"


class StudiesPage(Page):
    """Makes the page's models and views and ties them together."""

    def build(self) -> Generator[None, None, None]:
        """Make the page."""
        context = self.context
        self._had_some = False
        self.library = context.studies
        self.maker = StudyMaker(context, self)
        self.scores = StudyScores(context, self)
        self.new_study: StudyForm | None = None
        self.actions_ = StudyActions(context, self.maker, self)
        self.new = context.actions.add(
            "studies.new", "&New study…", slot=self.choose_recipe, icon=icon("add"),
            tip="Start a study from one of the paper's recipes", scope=self, shortcut="Ctrl+Alt+N",
        )  # fmt: skip
        self.list = StudyListView(self.library, context.theme)
        self.chooser = RecipeChooser(context.theme)
        yield
        self.view = StudyView(context, self.scores, self.actions_)
        yield
        self._lay_out()
        self._connect()
        self._show()

    def choose_recipe(self) -> None:
        """Let the user choose what to study."""
        self.right.setCurrentWidget(self.chooser)

    def begin(self, kind: StudyKind) -> None:
        """Open the form of a new study."""
        if self.new_study is None:
            self.new_study = StudyForm(self.context)
            self.new_study.added.connect(self.add)
            self.new_study.cancelled.connect(self.cancel)
            self.context.planner.backbones.fetch_failed.connect(self._on_fetch_failed)
            self.right.addWidget(self.new_study)
        self.new_study.planner.open(kind)
        self.right.setCurrentWidget(self.new_study)
        self.new_study.fields.name.setFocus()
        self.new_study.fields.name.selectAll()

    def add(self) -> None:
        """Make the study of the form, and queue its runs."""
        if self.new_study is None:
            return
        planner = self.new_study.planner
        try:
            study = planner.study()
            shared = planner.shared
            self.library.add(study)
        except UserError as error:
            self.complain(error.message)
            return
        self.maker.proceed(study, also=(RunState.FAILED,))
        runs = plural(len(study.runs), "run")
        text = f"“{study.name}” was added to the queue with {runs}."
        if shared:
            text += f" {shared} already in the project will be reused."
        self.context.messages.post(text)
        self.right.setCurrentWidget(self.view)

    def cancel(self) -> None:
        """Make no study: show the current one, or what can be studied."""
        self.right.setCurrentWidget(self.view if self.library.all() else self.chooser)

    def reset_layout(self) -> None:
        """Put the splitter back as it first was."""
        self.columns.share()

    def showEvent(self, event: QShowEvent) -> None:
        """Request scores."""
        super().showEvent(event)
        self.scores.set_watched(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Request no more scores."""
        super().hideEvent(event)
        self.scores.set_watched(False)

    def _lay_out(self) -> None:
        title = Label("Studies")
        title.setFont(scaled_font(115, bold=True))
        top = hbox(title, 1, action_button(self.new, text="New study"), margins=SPACE_S)
        self.side = QWidget()
        vbox(top, (self.list, 1), parent=self.side, spacing=0)
        self.right = stack(self.chooser, self.view)
        settings = self.context.settings
        self.columns = PageSplitter(
            self.side, self.right, settings=settings, key=LAYOUT, width_chars=LIST_CHARS
        )
        vbox((self.columns, 1), parent=self, spacing=0)
        BarArea(self, self.bar)

    def _connect(self) -> None:
        context = self.context
        self.chooser.chosen.connect(self.begin)
        self.list.clicked.connect(lambda _index: self.cancel())
        self.list.activated.connect(lambda _index: self.cancel())
        self.library.changed.connect(self._show)
        self.library.damaged.connect(self.warn)
        self.maker.failed.connect(self.complain)
        self.actions_.refused.connect(self.warn)
        context.project.closed.connect(self.cancel)

    def _on_fetch_failed(self, _name: str, text: str) -> None:
        if self.right.currentWidget() is self.new_study:
            self.complain(text)

    def _show(self) -> None:
        some = bool(self.library.all())
        self.side.setVisible(some)
        had_some, self._had_some = self._had_some, some
        if self.right.currentWidget() not in (self.chooser, self.view):
            return  # a study is being made
        if not some:
            self.right.setCurrentWidget(self.chooser)
        elif not had_some:
            self.right.setCurrentWidget(self.view)
