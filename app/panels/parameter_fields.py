"""A field for each parameter, made from its declaration alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from app.decimal_text import format_decimal, parse_decimals
from app.icons import icon
from app.parameter_words import option_title, parameter_title, path_kind
from app.theme import current_tokens
from app.widgets.calm_wheel import CalmWheel
from app.widgets.decimal_field import DecimalField
from app.widgets.list_editor import ListEditor
from app.widgets.path_field import PathField
from app.widgets.slider_field import SliderField
from engine.document.json_values import JsonValue
from engine.parameters import Flag, Integer, OneOf, Parameter, Real, RealList, Text, TextList

_LARGEST_SPIN = 2**31 - 1
_SPIN_MARGIN = 7
"""Pixels left of a whole number, as in other fields."""
_SLIDER_LIMIT = 10.0
"""A slider over a longer range would not hit what one means."""
Announce = Callable[[JsonValue, int], None]


@dataclass(frozen=True)
class _Editor:
    """Hold the widget of a field with the way to show a value in it."""

    widget: QWidget
    show: Callable[[JsonValue], None]


class ParameterField(QWidget):
    """Show one parameter under its title and announce what the user makes of it."""

    edited = Signal(str, object, int)
    """(parameter, value, gesture): choices of one slider drag share a positive gesture number; 0 stands alone."""

    def __init__(self, operation: str, parameter: Parameter, folder: Callable[[], Path], parent: QWidget | None = None) -> None:
        """Make the field of a parameter; `folder` gives what relative paths count from."""
        super().__init__(parent)
        self.parameter = parameter
        title = parameter_title(parameter.name)
        unit = getattr(parameter, "unit", "")
        self.setToolTip(parameter.help)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        kind = path_kind(operation, parameter.name)
        announce = partial(_announce, self)
        if isinstance(parameter, Text) and kind is not None:
            self._editor = _make_path(PathField(kind, title, folder), announce)
        else:
            self._editor = _make_editor(parameter, title, announce)
        if not isinstance(parameter, Flag):
            label = QLabel(f"{title} · {unit}" if unit else title)
            label.setProperty("role", "caption")
            label.setBuddy(self._editor.widget)
            layout.addWidget(label)
        layout.addWidget(self._editor.widget)
        self._editor.widget.setAccessibleDescription(parameter.help)
        self._calm = CalmWheel(self)
        self._calm.watch(self._editor.widget)

    def show_value(self, value: JsonValue) -> None:
        """Show a value without announcing it; one of another type shows as the default does."""
        self._editor.show(value)

    def focus_editor(self) -> None:
        """Let the user type or slide."""
        self._editor.widget.setFocus()


def _announce(owner: ParameterField, value: JsonValue, gesture: int) -> None:
    owner.edited.emit(owner.parameter.name, value, gesture)


def _make_editor(parameter: Parameter, title: str, announce: Announce) -> _Editor:  # noqa: PLR0911  (one line for each type)
    match parameter:
        case Real():
            return _make_real(parameter, title, announce)
        case Integer():
            return _make_integer(parameter, title, announce)
        case OneOf():
            return _make_choice(parameter, title, announce)
        case Flag():
            return _make_flag(parameter, title, announce)
        case TextList():
            return _make_texts(parameter, title, announce)
        case RealList():
            return _make_numbers(parameter, title, announce)
        case Text():
            return _make_text(title, announce)


def _make_real(parameter: Real, title: str, announce: Announce) -> _Editor:
    bounds = (parameter.minimum, parameter.maximum)
    if max(abs(bound) for bound in bounds) <= _SLIDER_LIMIT:
        slider = SliderField(bounds, title)
        slider.number_changed.connect(announce)
        return _Editor(slider, lambda value: slider.show_number(_number(value, parameter.default)))
    field = DecimalField(bounds)
    field.setAccessibleName(title)
    field.number_entered.connect(lambda number: announce(number, 0))
    return _Editor(field, lambda value: field.show_number(_number(value, parameter.default)))


def _make_integer(parameter: Integer, title: str, announce: Announce) -> _Editor:
    largest = parameter.maximum if parameter.maximum is not None else math.inf
    if parameter.default > _LARGEST_SPIN:
        field = DecimalField((parameter.minimum, largest), step=1)
        field.setAccessibleName(title)
        field.number_entered.connect(lambda number: announce(round(number), 0))
        return _Editor(field, lambda value: field.show_number(_number(value, parameter.default)))
    spin = QSpinBox()
    spin.setAccessibleName(title)
    spin.setRange(parameter.minimum, int(min(largest, _LARGEST_SPIN)))
    spin.setKeyboardTracking(False)
    # A style sheet's padding moves nothing to the right here.
    spin.lineEdit().setTextMargins(_SPIN_MARGIN, 0, 0, 0)
    spin.valueChanged.connect(lambda number: announce(number, 0))

    def show(value: JsonValue) -> None:
        with QSignalBlocker(spin):
            spin.setValue(round(min(_number(value, parameter.default), _LARGEST_SPIN)))

    return _Editor(spin, show)


def _make_choice(parameter: OneOf, title: str, announce: Announce) -> _Editor:
    combo = QComboBox()
    combo.setAccessibleName(title)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(8)
    for word in parameter.options:
        combo.addItem(option_title(word), word)
    combo.activated.connect(lambda row: announce(combo.itemData(row), 0))
    return _Editor(combo, lambda value: combo.setCurrentIndex(combo.findData(value)))


def _make_flag(parameter: Flag, title: str, announce: Announce) -> _Editor:
    box = QCheckBox(title)
    box.setAccessibleName(title)
    box.clicked.connect(lambda checked: announce(checked, 0))
    return _Editor(box, lambda value: box.setChecked(value if isinstance(value, bool) else parameter.default))


def _make_texts(parameter: TextList, title: str, announce: Announce) -> _Editor:
    editor = ListEditor(title, "*", _draw_small)
    editor.texts_changed.connect(lambda texts: announce(tuple(texts), 0))
    return _Editor(editor, lambda value: editor.show_texts([str(text) for text in _items(value, parameter.default)]))


def _make_numbers(parameter: RealList, title: str, announce: Announce) -> _Editor:
    field = QLineEdit()
    field.setAccessibleName(title)
    field.setPlaceholderText("1  1  …")
    field.setProperty("mono", True)

    def commit() -> None:
        numbers = parse_decimals(field.text())
        if numbers is not None and field.isModified():
            field.setModified(False)
            announce(tuple(numbers), 0)

    field.editingFinished.connect(commit)
    return _Editor(field, lambda value: field.setText("  ".join(_spell(item) for item in _items(value, parameter.default))))


def _make_text(title: str, announce: Announce) -> _Editor:
    field = QLineEdit()
    field.setAccessibleName(title)

    def commit() -> None:
        if field.isModified():
            field.setModified(False)
            announce(field.text(), 0)

    def show(value: JsonValue) -> None:
        if not (field.hasFocus() and field.isModified()):
            field.setText(value if isinstance(value, str) else "")

    field.editingFinished.connect(commit)
    return _Editor(field, show)


def _make_path(field: PathField, announce: Announce) -> _Editor:
    field.path_entered.connect(lambda text: announce(text, 0))
    return _Editor(field, lambda value: field.show_path(value if isinstance(value, str) else ""))


def _draw_small(name: str) -> QIcon:
    return icon(name, current_tokens())


def _number(value: JsonValue, default: float) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value if is_number and isinstance(value, int | float) else default


def _items(value: JsonValue, default: Sequence[JsonValue]) -> Sequence[JsonValue]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else default


def _spell(item: JsonValue) -> str:
    return format_decimal(item) if isinstance(item, int | float) else str(item)
