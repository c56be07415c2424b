"""What is left out of a bundle, and what must never be; that it works is shown by packaging/check_bundle.py, which takes minutes."""

import runpy

import pytest

NEEDED = (
    "torch/bin/torch_shm_manager",
    "torch/lib/libtorch_cpu.so",
    "torch/lib/libshm.so",
    "pyarrow/libarrow_substrait.so.2600",
    "pyarrow/libarrow.so.2600",
    "llvmlite/binding/libllvmlite.so",
    "numba/_dispatcher.cpython-311-x86_64-linux-gnu.so",
    "numba/np/ufunc/_internal.cpython-311-x86_64-linux-gnu.so",
    "engine/loops/mix.py",
    "PySide6/Qt/plugins/platforms/libqxcb.so",
    "PySide6/Qt/plugins/platforms/libqwayland.so",
    "PySide6/Qt/plugins/platforms/libqoffscreen.so",
    "PySide6/Qt/lib/libQt6Core.so.6",
    "matplotlib/mpl-data/matplotlibrc",
    "resources/sample/data/diag-test.npz",
    "resources/templates/analogy.loom",
    "weightloom-0.1.0.dist-info/METADATA",
    "libcrypto.so.3",
)
LEFT_OUT = (
    "torch/bin/protoc",
    "torch/test/libtorch.so",
    "torch/include/ATen/ATen.h",
    "torch/lib/libtorchbind_test.so",
    "libcudart.so",
    "libgtk-3.so.0",
    "PySide6/Qt/translations/qt_de.qm",
    "PySide6/Qt/plugins/platformthemes/libqgtk3.so",
    "PySide6/Qt/plugins/platforms/libqvnc.so",
    "pyarrow\\include\\arrow\\api.h",
    "libarrow_flight.so.2600",
    "numba/cuda/cudadrv/_extras.cpython-311-x86_64-linux-gnu.so",
    "numba/np/ufunc/tbbpool.cpython-311-x86_64-linux-gnu.so",
    "weightloom-0.1.0.dist-info/direct_url.json",
)


@pytest.fixture(scope="module")
def pruning(repository):
    return runpy.run_path(str(repository / "packaging/bundle_pruning.py"))


@pytest.mark.parametrize("name", NEEDED)
def test_what_must_stay_stays(pruning, name):
    assert pruning["is_wanted"](name)


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_nobody_needs_is_left_out(pruning, name):
    assert not pruning["is_wanted"](name)


def test_no_module_is_left_out_that_we_import(pruning):
    excluded = pruning["EXCLUDED_MODULES"]
    backends = ("matplotlib.backends.backend_svg", "matplotlib.backends.backend_agg")
    for name in (*backends, "sympy", "torch.utils", "transformers", "datasets", "numba.core.caching", "llvmlite.binding"):
        assert not any(name == other or name.startswith(other + ".") for other in excluded)


def test_the_bundle_is_never_stripped(repository):
    assert "strip=True," not in (repository / "packaging/weightloom.spec").read_text()


def test_the_sources_of_the_loops_come_along(repository):
    # Without them no compiled loop is kept (engine/loops/kept_forms.py).
    assert '"engine.loops": "pyz+py"' in (repository / "packaging/weightloom.spec").read_text()


def test_the_program_of_the_desktop_entry_is_what_the_package_links(repository):
    entry = (repository / "packaging/linux/weightloom.desktop").read_text()
    assert "Exec=weightloom %f" in entry
    assert "MimeType=application/x-weightloom;" in entry
    assert '<mime-type type="application/x-weightloom">' in (repository / "packaging/linux/weightloom.xml").read_text()
    assert '"$tree/usr/bin/weightloom"' in (repository / "packaging/linux/build_deb.sh").read_text()
