"""What the libraries bring along that Weightloom has no use for; every line was tried by check_bundle.py."""

from __future__ import annotations

import re

EXCLUDED_MODULES = (
    # Build tools, interactive shells and other windows' toolkits.
    "IPython", "PyInstaller", "_pyinstaller_hooks_contrib", "pip", "pytest", "setuptools", "tkinter", "turtle", "idlelib", "lib2to3",
    # Arrow's network and GPU protocols: tables are read from files. (Its libarrow_substrait must stay: the readers are linked to it.)
    "pyarrow.flight", "pyarrow._flight", "pyarrow.cuda", "pyarrow.gandiva",
    "pyarrow.tests", "pandas.tests", "numpy.tests", "matplotlib.tests", "sympy.testing", "networkx.tests", "torch.utils.tensorboard",
    # Numba: other targets than this processor, its own tests, and compiling ahead of time.
    "numba.cuda", "numba.pycc", "numba.tests", "numba.testing", "numba.runtests",
    # Windows of matplotlib's: figures are drawn into files.
    "matplotlib.backends.backend_qtagg", "matplotlib.backends.backend_tkagg", "matplotlib.backends.backend_gtk3agg",
    "matplotlib.backends.backend_gtk4agg", "matplotlib.backends.backend_wxagg", "matplotlib.backends.backend_webagg",
)  # fmt: skip

_UNWANTED = re.compile(
    "|".join(
        (
            # torch: its tests, its headers, its programs but for the one that `import torch` looks for.
            r"torch/(test|include|share)/",
            r"torch/bin/(?!torch_shm_manager$)",
            r"torch/lib/(.*\.a$|libjitbackend_test|libtorchbind_test|libbackend_with_compiler|libaoti_custom_ops)",
            # PyTorch for the CPU looks for CUDA's runtime, and PyInstaller finds the host's.
            r"libcu(dart|blas|dnn|fft|rand|solver|sparse)",
            # Arrow: headers, tests, and the libraries of the protocols excluded above.
            r"pyarrow/(include|tests|src)/",
            r"(pyarrow/)?libarrow_(flight|python_flight)\b",
            r"pyarrow/.*\.(pxd|pyx|pxi|h)$",
            # Numba: loops are spread over our own threads, and its own need OpenMP's or TBB's library.
            r"numba/(cuda|tests)/",
            r"numba/np/ufunc/(omppool|tbbpool)\b",
            # Qt: translations of another window's words, screens without a window system, the host's GTK look.
            r"PySide6/Qt/translations/",
            r"PySide6/Qt/plugins/(egldeviceintegrations|sqldrivers|generic)/",
            r"PySide6/Qt/plugins/platforms/libq(eglfs|linuxfb|vnc|vkkhrdisplay|minimalegl|minimal)",
            r"PySide6/Qt/plugins/platformthemes/libqgtk3",
            r"(PySide6/Qt/lib/)?libQt6EglF",
            r"lib(atspi|gtk-3|gdk-3|atk-1\.0|atk-bridge|cairo|pango|epoxy|gdk_pixbuf|harfbuzz-gobject|colord|lcms2\.so|cups)",
            r"matplotlib/mpl-data/(sample_data|plot_directive)/",
            r"(.*/)?tests?/data/",
            # Where this very source tree lay when it was built.
            r"weightloom-[^/]*\.dist-info/(direct_url\.json|RECORD|INSTALLER|REQUESTED)",
        )
    )
)


def is_wanted(name: str) -> bool:
    """Tell whether a file belongs into the bundle, by its path in it."""
    return _UNWANTED.match(name.replace("\\", "/")) is None
