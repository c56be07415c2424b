"""A slider with an exact decimal beside it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from app.decimal_text import usual_range
from app.widgets.decimal_field import DecimalField

_STEPS = 200
_FIELD_WIDTH = 64


class SliderField(QWidget):
    """Choose a number of a finite range: roughly by the slider, exactly by the field."""

    number_changed = Signal(object, int)
    """The user chose a number; of one drag all carry the same gesture number, every other choice a new one."""

    def __init__(self, bounds: tuple[float, float], name: str, parent: QWidget | None = None) -> None:
        """Make a slider within the bounds, for the number that `name` says."""
        super().__init__(parent)
        self._bounds = bounds
        self._span = bounds
        self._gesture = 0
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _STEPS)
        self.slider.setPageStep(_STEPS // 10)
        self.slider.setAccessibleName(name)
        self.field = DecimalField(bounds)
        self.field.setFixedWidth(_FIELD_WIDTH)
        self.field.setAccessibleName(self.tr("{0}, exactly").format(name))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.field)
        self.setFocusProxy(self.slider)
        self.slider.valueChanged.connect(self._follow_slider)
        self.slider.sliderPressed.connect(self._begin_gesture)
        self.slider.sliderReleased.connect(self._end_gesture)
        self.field.number_entered.connect(self._follow_field)

    def show_number(self, number: float) -> None:
        """Show a number without announcing it."""
        self.field.show_number(number)
        if not self.slider.isSliderDown():
            self._span = usual_range(*self._bounds, number)
        low, high = self._span
        place = round((number - low) / (high - low) * _STEPS) if high > low else 0
        self.slider.blockSignals(True)
        self.slider.setValue(place)
        self.slider.blockSignals(False)
        self.slider.setToolTip(self.tr("{0:g} … {1:g}; the field takes {2:g} … {3:g}").format(*self._span, *self._bounds))

    def _begin_gesture(self) -> None:
        self._gesture += 1

    def _end_gesture(self) -> None:
        self._gesture += 1

    def _follow_slider(self, place: int) -> None:
        low, high = self._span
        number = round(low + (high - low) * place / _STEPS, 4)
        if not self.slider.isSliderDown():
            self._gesture += 1
        self.field.show_number(number)
        self.number_changed.emit(int(number) if number.is_integer() else number, self._gesture)

    def _follow_field(self, number: float) -> None:
        self._gesture += 1
        self.number_changed.emit(number, self._gesture)
