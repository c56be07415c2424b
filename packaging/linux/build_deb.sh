#!/usr/bin/env bash
# Builds the bundle (one folder) and a Debian package of it:
#     bash packaging/linux/build_deb.sh
# Everything goes to build/packaging/: an environment of its own (the developer's holds test tools, which PyInstaller would take along),
# the folder dist/weightloom and weightloom_VERSION_ARCH.deb. Made from the versions in constraints.txt.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
build="$root/build/packaging"
venv="$build/venv"
cd "$root"

for tool in dpkg-deb objdump; do
    command -v "$tool" >/dev/null || { echo "build_deb.sh needs $tool: apt-get install --no-install-recommends dpkg binutils" >&2; exit 1; }
done

echo "== environment"
mkdir -p "$build"
stamp="$root $(cat pyproject.toml constraints.txt | sha256sum)"
if [ ! -x "$venv/bin/pyinstaller" ] || [ "$(cat "$venv/stamp" 2>/dev/null)" != "$stamp" ]; then
    "$root/.venv/bin/python" -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e "$root[packaging]"
    echo "$stamp" >"$venv/stamp"
fi

echo "== bundle"
rm -rf "$build/dist"
# The order of sets decides the order of some files' contents; and caches of a user's own have no say.
PYTHONHASHSEED=1 nice "$venv/bin/pyinstaller" --noconfirm --log-level WARN \
    --distpath "$build/dist" --workpath "$build/work" packaging/weightloom.spec
bundle="$build/dist/weightloom"

echo "== package"
version="$("$venv/bin/python" -c 'from importlib.metadata import version; print(version("weightloom"))')"
architecture="$(dpkg --print-architecture)"
glibc="$(find "$bundle" -name '*.so*' -type f -exec objdump -T {} + 2>/dev/null | grep -o 'GLIBC_2\.[0-9]*' | sort -uV | tail -1)"
libraries="$("$root/.venv/bin/python" -c 'import run; print(", ".join(run.QT_LIBRARIES.values()))')"
tree="$build/deb"
rm -rf "$tree"
mkdir -p "$tree/DEBIAN" "$tree/opt" "$tree/usr/bin" "$tree/usr/share/"{applications,mime/packages,icons/hicolor/scalable/apps,doc/weightloom}
cp -al "$bundle" "$tree/opt/weightloom"
ln -s /opt/weightloom/weightloom "$tree/usr/bin/weightloom"
cp packaging/linux/weightloom.desktop "$tree/usr/share/applications/"
cp packaging/linux/weightloom.xml "$tree/usr/share/mime/packages/"
cp resources/icons/app.svg "$tree/usr/share/icons/hicolor/scalable/apps/weightloom.svg"
cp CHANGELOG.md "$tree/usr/share/doc/weightloom/changelog"
{
    echo "Weightloom is under the Apache License 2.0. The licences of what is shipped with it are in /opt/weightloom/_internal/licences."
    echo
    cat LICENSE
} >"$tree/usr/share/doc/weightloom/copyright"
cat >"$tree/DEBIAN/control" <<CONTROL
Package: weightloom
Version: $version
Architecture: $architecture
Maintainer: The Weightloom contributors <weightloom@localhost>
Section: science
Priority: optional
Installed-Size: $(du -sk "$tree" | cut -f1)
Depends: libc6 (>= ${glibc#GLIBC_}), ${libraries//libglib2.0-0/libglib2.0-0 | libglib2.0-0t64}
Recommends: libwayland-client0, libwayland-cursor0, libwayland-egl1
Description: node editor for task arithmetic
 Edits what trained models know by adding and subtracting their weights: draw the
 arithmetic as a graph, see what does not fit, run it streamed and exactly, and get
 a checkpoint with a report. Holds PyTorch (CPU), works offline.
CONTROL
package="$build/weightloom_${version}_$architecture.deb"
rm -f "$build"/weightloom_*.deb
# zstd of dpkg-deb is not read by Debian 11; gzip at level 1 takes a minute, xz ten.
nice dpkg-deb --root-owner-group -Zxz -z1 --build "$tree" "$package" >/dev/null
rm -rf "$tree"
echo "The bundle lies in $bundle ($(du -sm "$bundle" | cut -f1) MB)"
echo "The package is     $package ($(du -m "$package" | cut -f1) MB)"
