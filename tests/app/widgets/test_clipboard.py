"""A copied figure holds words and a picture, and a process that copied one ends well."""

import subprocess
import sys

from PySide6.QtGui import QGuiApplication, QImage

from app.widgets.clipboard import copy_figure

_COPYING = """
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from app.widgets.clipboard import copy_figure
application = QApplication([])
copy_figure("a\\t1", QImage(2, 2, QImage.Format.Format_ARGB32))
"""


def test_a_figure_is_words_and_a_picture(qtbot):
    copy_figure("a\t1", QImage(2, 3, QImage.Format.Format_ARGB32))
    held = QGuiApplication.clipboard()
    assert (held.text(), held.image().height()) == ("a\t1", 3)


def test_a_figure_may_be_words_alone(qtbot):
    copy_figure("a\t1")
    assert QGuiApplication.clipboard().image().isNull()


def test_a_process_that_copied_a_figure_ends_without_a_fault():
    assert subprocess.run([sys.executable, "-c", _COPYING], check=False).returncode == 0
