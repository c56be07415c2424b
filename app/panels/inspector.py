"""The inspector: what the selected node is, what can be set in it, what is known of it and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.analogy_roles import find_searches, find_strengths, play_role
from app.canvas.connection import find_operation, name_node
from app.live_view import LiveView
from app.mends import find_mends
from app.node_parameter import NodeParameter
from app.panels.analogy_map import AnalogyMap
from app.panels.live_facts import LiveFacts
from app.panels.parameter_fields import ParameterField
from app.panels.preset_row import PresetRow
from app.panels.problem_card import ProblemCard
from app.panels.role_rows import RoleRows
from app.panels.strength_curve import StrengthCurve, has_curve
from app.report_figures import Sweep
from app.session import Session
from app.strength_presets import has_presets
from app.widgets.page_scroll import PageScroll
from engine.catalogue import RESERVED
from engine.document.edits import set_label, set_muted, set_parameter
from engine.document.json_values import JsonValue
from engine.document.model import Document, NodeId, PortRef
from engine.operation import Operation
from engine.problems import Problem

_LATER_MILLISECONDS = 200
Facts = Sequence[tuple[str, str]]
"""What is known of a node: a name and a value each."""


class InspectorPanel(PageScroll):
    """Show and edit the selected node."""

    mend_wanted = Signal(object, object)
    """(problem, mend): the user pressed a mend's button."""
    guide_wanted = Signal(str)
    """The user wants the guide's page of this operation."""

    def __init__(self, session: Session, live: LiveView | None = None, parent: QWidget | None = None) -> None:
        """Show nothing yet; with live figures an analogy has its map."""
        super().__init__(self.tr("Inspector"), parent=parent)
        self._session = session
        self._live = live
        self._selected: tuple[NodeId, ...] = ()
        self._facts: Mapping[NodeId, Facts] = {}
        self._formulas: Mapping[NodeId, str] = {}
        self._problems: tuple[Problem, ...] = ()
        self._sweeps: tuple[Sweep, ...] = ()
        self._fields: dict[tuple[NodeId, str], ParameterField] = {}
        self._built: tuple[object, ...] = ()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_LATER_MILLISECONDS)
        self._later.timeout.connect(self._refresh)
        session.document_changed.connect(self._follow)
        self._build()

    def show_nodes(self, ids: Sequence[NodeId]) -> None:
        """Show this selection."""
        self._selected = tuple(ids)
        self._refresh()

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show the problems of the selected node among these."""
        self._problems = tuple(problems)
        self._refresh()

    def show_facts(self, facts: Mapping[NodeId, Facts], formulas: Mapping[NodeId, str]) -> None:
        """Show what is known of the selected node among these; a node's formula in the whole graph stands under its own."""
        self._facts, self._formulas = facts, formulas
        self._refresh()

    def show_sweeps(self, sweeps: Sequence[Sweep]) -> None:
        """Show the curves of searches that have run beside the strengths they are about."""
        self._sweeps = tuple(sweeps)
        self._show_curves()

    def _show_curves(self) -> None:
        for curve in self._curves:
            curve.show_sweeps(self._sweeps)

    def focus_name(self) -> None:
        """Let the user rename the node."""
        if self._selected and hasattr(self, "_name"):
            self._name.setFocus()
            self._name.selectAll()

    def focus_first(self) -> None:
        """Let the user change the node: its first parameter, or its name."""
        first = next(iter(self._fields.values()), None)
        if first is not None:
            first.focus_editor()
        elif self._selected:
            self.focus_name()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  (Qt's name)
        """Keep the page as wide as what is seen of it: there is no scroll bar to the side."""
        page = self.widget()
        if page is not None:  # pyright: ignore[reportUnnecessaryComparison]  (takeWidget leaves none)
            page.setMaximumWidth(self.viewport().width())
        super().resizeEvent(event)

    def _follow(self, _before: Document, _after: Document) -> None:
        self._refresh()

    def _refresh(self) -> None:
        """Bring the panel up to date: values alone where the same things are shown, so that a drag is not torn off."""
        if self._describe() == self._built:
            self._show_values()
        elif self._is_in_use():
            self._show_values()
            self._later.start()
        else:
            self._build()

    def _is_in_use(self) -> bool:
        """Tell whether the user is dragging or typing in the panel: what is under the hand must not be replaced."""
        focus = QApplication.focusWidget()
        if self._built[:2] != self._describe()[:2] or focus is None or not self.isAncestorOf(focus):
            return False
        is_typing = isinstance(focus, QLineEdit) and focus.isModified()
        return is_typing or QApplication.mouseButtons() != Qt.MouseButton.NoButton

    def _describe(self) -> tuple[object, ...]:
        """Return what decides which widgets there are."""
        document = self._session.document
        if len(self._selected) != 1 or self._selected[0] not in document.nodes:
            return (len(self._selected), len(document.nodes) if not self._selected else 0)
        node_id = self._selected[0]
        own = tuple(problem for problem in self._problems if problem.node == node_id)
        return (
            node_id,
            document.nodes[node_id].operation,
            own,
            tuple(self._facts.get(node_id, ())),
            self._formulas.get(node_id, ""),
            find_strengths(document, node_id) if document.nodes[node_id].operation == "analogy" else (),
        )

    def _build(self) -> None:
        focus = QApplication.focusWidget()
        focused = _identify(focus) if focus is not None and self.isAncestorOf(focus) else None
        if focus is not None and focused is not None:
            # What is typed there goes to the node that it was typed for.
            focus.clearFocus()
        self._built = self._describe()
        self._fields = {}
        self._curves: list[StrengthCurve] = []
        self._roles: RoleRows | None = None
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(14, 12, 14, 14)
        layout.setSpacing(10)
        document = self._session.document
        if len(self._selected) == 1 and self._selected[0] in document.nodes:
            self._build_node(layout, self._selected[0])
        else:
            self._build_blank(layout)
        layout.addStretch(1)
        self._put(page)
        self._show_values()
        again = next((widget for widget in page.findChildren(QWidget) if focused is not None and _identify(widget) == focused), None)
        if again is not None:
            again.setFocus()

    def _put(self, page: QWidget) -> None:
        """Show a page in place of the one before, which may be in the middle of an event: it goes when that is over."""
        before = self.takeWidget()
        page.setMaximumWidth(self.viewport().width())
        self.setWidget(page)
        if before is not None:
            before.setParent(self)
            before.hide()
            before.deleteLater()

    def _build_blank(self, layout: QVBoxLayout) -> None:
        count = len(self._selected)
        layout.addWidget(_make_label(self.tr("{0} nodes selected").format(count) if count else self.tr("Nothing selected"), "panel"))
        text = (
            self.tr("Select one node to see and change it. Align and distribute are in the Graph menu.")
            if count
            else self.tr("Select a node to see what it does and to change it.")
        )
        layout.addWidget(_make_label(text, "dim"))

    def _build_node(self, layout: QVBoxLayout, node_id: NodeId) -> None:
        operation = find_operation(self._session.document, node_id)
        layout.addLayout(self._make_head(node_id, operation))
        if operation is None:
            self._build_unknown(layout, node_id)
        else:
            layout.addWidget(_make_label(operation.sentence, "dim"))
            formula = self._formulas.get(node_id, "")
            for text in dict.fromkeys(part for part in (operation.formula, formula) if part):
                layout.addWidget(_make_formula(text))
            self._build_fields(layout, node_id, operation)
        self._build_problems(layout, node_id)
        self._build_facts(layout, node_id)
        self._muted = QCheckBox(self.tr("Muted: passed by in a run"))
        self._muted.clicked.connect(lambda muted: self._mute(node_id, muted))
        layout.addWidget(self._muted)

    def _make_head(self, node_id: NodeId, operation: Operation | None) -> QHBoxLayout:
        row = QHBoxLayout()
        self._name = QLineEdit()
        self._name.setObjectName("nodeName")
        self._name.setAccessibleName(self.tr("Name of the node"))
        self._name.setPlaceholderText(operation.title if operation else "")
        self._name.editingFinished.connect(partial(self._rename, node_id))
        row.addWidget(self._name, 1)
        if operation is not None:
            guide = QPushButton(self.tr("Help"))
            guide.setProperty("quiet", True)
            guide.setAccessibleName(self.tr("Open the guide at {0}").format(operation.title))
            guide.clicked.connect(partial(self._want_guide, operation.id))
            row.addWidget(guide)
        return row

    def _build_unknown(self, layout: QVBoxLayout, node_id: NodeId) -> None:
        name = self._session.document.nodes[node_id].operation
        if name in RESERVED:
            text = self.tr("“{0}” comes in a later version. The node is kept as it is.").format(RESERVED[name])
        else:
            text = self.tr("This version does not know the operation “{0}”. The node is kept as it is.").format(name)
        layout.addWidget(_make_label(text, "dim"))

    def _build_fields(self, layout: QVBoxLayout, node_id: NodeId, operation: Operation) -> None:
        if operation.id == "analogy":
            self._build_analogy(layout, node_id)
        for parameter in operation.parameters:
            self._add_field(layout, node_id, operation, parameter.name)

    def _build_analogy(self, layout: QVBoxLayout, node_id: NodeId) -> None:
        document = self._session.document
        for fed in find_strengths(document, node_id):
            operation = find_operation(document, fed)
            if operation is not None:
                note = self.tr("The strength of ‘{0}’, which this analogy feeds:").format(name_node(document, fed))
                layout.addWidget(_make_label(note, "dim"))
                self._add_field(layout, fed, operation, "strength")
        has_strength = bool(find_strengths(document, node_id))
        for search in find_searches(document, node_id):
            text = self.tr("‘{0}’ tries strengths and tells the best.") if has_strength else self.tr("‘{0}’ chooses its strength.")
            layout.addWidget(_make_label(text.format(name_node(document, search)), "dim"))
        layout.addWidget(_make_label(self.tr("ROLES"), "caption"))
        self._roles = RoleRows()
        self._roles.role_chosen.connect(partial(self._play_role, node_id))
        layout.addWidget(self._roles)
        if self._live is not None:
            layout.addWidget(AnalogyMap(self._session, self._live, node_id))

    def _add_field(self, layout: QVBoxLayout, node_id: NodeId, operation: Operation, name: str) -> None:
        parameter = operation.parameter(name)
        if parameter is None:
            return
        field = ParameterField(operation.id, parameter, lambda: self._session.folder)
        field.edited.connect(partial(self._edit, node_id))
        self._fields[node_id, name] = field
        layout.addWidget(field)
        shown = NodeParameter(node_id, operation.id, name)
        if self._live is not None and has_presets(shown):
            layout.addWidget(PresetRow(self._session, self._live, shown))
        if has_curve(shown):
            curve = StrengthCurve(self._session, shown, self._live)
            self._curves.append(curve)
            layout.addWidget(curve)
            curve.show_sweeps(self._sweeps)

    def _build_problems(self, layout: QVBoxLayout, node_id: NodeId) -> None:
        for problem in self._problems:
            if problem.node == node_id:
                card = ProblemCard(problem, find_mends(self._session.document, problem))
                card.mend_wanted.connect(self.mend_wanted)
                layout.addWidget(card)

    def _build_facts(self, layout: QVBoxLayout, node_id: NodeId) -> None:
        facts = self._facts.get(node_id, ())
        if facts:
            self._build_known_facts(layout, facts)
        if self._live is not None:
            layout.addWidget(LiveFacts(self._live, node_id, "" if facts else self.tr("FACTS")))

    def _build_known_facts(self, layout: QVBoxLayout, facts: Facts) -> None:
        layout.addWidget(_make_label(self.tr("FACTS"), "caption"))
        grid = QGridLayout()
        grid.setVerticalSpacing(6)
        for row, (name, value) in enumerate(facts):
            grid.addWidget(_make_label(name, "dim"), row, 0)
            shown = _make_label(value, "mono")
            shown.setAlignment(Qt.AlignmentFlag.AlignRight)
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(shown, row, 1)
        layout.addLayout(grid)

    def _show_values(self) -> None:
        document = self._session.document
        for (node_id, name), field in self._fields.items():
            if node_id in document.nodes:
                field.show_value(document.nodes[node_id].parameters.get(name, field.parameter.default))
        if len(self._selected) == 1 and self._selected[0] in document.nodes:
            node = document.nodes[self._selected[0]]
            if not (self._name.hasFocus() and self._name.isModified()):
                self._name.setText(node.label or name_node(document, self._selected[0]))
            self._muted.setChecked(node.muted)
            if self._roles is not None:
                self._roles.show_roles(document, self._selected[0])

    def _edit(self, node_id: NodeId, name: str, value: JsonValue, gesture: int) -> None:
        title = self._fields[node_id, name].parameter.name
        merge = f"inspector {node_id}.{name} {gesture}" if gesture else ""
        self._session.apply(self.tr("Set {0}").format(title), lambda document: set_parameter(document, node_id, name, value), merge)

    def _rename(self, node_id: NodeId) -> None:
        if not self._name.isModified() or node_id not in self._session.document.nodes:
            return
        self._name.setModified(False)
        label = self._name.text().strip() or None
        self._session.apply(self.tr("Rename"), lambda document: set_label(document, node_id, label))

    def _mute(self, node_id: NodeId, muted: bool) -> None:
        self._session.apply(self.tr("Mute"), lambda document: set_muted(document, [node_id], muted))

    def _play_role(self, node_id: NodeId, letter: str, source: PortRef) -> None:
        self._session.apply(self.tr("Choose a role"), lambda document: play_role(document, node_id, letter, source))

    def _want_guide(self, operation: str) -> None:
        self.guide_wanted.emit(operation)


def _identify(widget: QWidget) -> tuple[str, str]:
    """Return what tells a control of the panel from the others, also when the panel is built anew."""
    return widget.metaObject().className(), widget.accessibleName() or str(widget.property("text"))


def _make_label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setProperty("role", role)
    return label


def _make_formula(text: str) -> QFrame:
    label = _make_label(text, "formula")
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setAccessibleName(text)
    return label
