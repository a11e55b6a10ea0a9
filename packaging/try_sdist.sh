#!/usr/bin/env bash
# What a site without a network does with the source archive: build a wheel from it with the declared build requirements alone.
#
#   packaging/try_sdist.sh SDIST [WORD...]
#
# The requirements are downloaded first, the one step that uses the network; then the archive is unpacked where no git is, and built
# with no network, where `unshare` may cut it off. Words are handed on to pip, such as -C cmake.define.NBHYBRID_CUDA=OFF; CXX and CXXFLAGS
# are the site's. The wheel is installed and computes the golden images. PYTHON names the interpreter, by default python3.
set -euo pipefail

[ $# -ge 1 ] || { echo "usage: try_sdist.sh SDIST [WORD...]" >&2 && exit 2; }
case $1 in *.tar.gz) [ -f "$1" ] ;; *) false ;; esac ||
    { echo "try_sdist.sh: $1: expected the path of a source archive" >&2 && exit 2; }
archive=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
shift
here=$(cd "$(dirname "$0")" && pwd)
python=$("${PYTHON:-python3}" -c 'import sys; print(sys.executable)')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

tar xzf "$archive"
source=$work/$(basename "$archive" .tar.gz)
"$python" -m venv tools
tools/bin/pip install --quiet --upgrade 'pip>=24' tomli
# cmake and ninja: what the build asks for where the machine has none.
tools/bin/python - "$source" > wanted.txt <<'END'
import sys
import tomli
with open(f"{sys.argv[1]}/pyproject.toml", "rb") as file:
    print(*tomli.load(file)["build-system"]["requires"], "cmake", "ninja", sep="\n")
END
tools/bin/pip download --quiet --only-binary :all: --dest house --requirement wanted.txt "$(sed -n 's/^Requires-Dist: \(tqdm[^;]*\)$/\1/p' "$source/PKG-INFO")" numpy

# shellcheck source=trial.sh
source "$here/trial.sh"
"${offline[@]}" tools/bin/pip wheel --quiet --no-index --find-links house --no-deps --wheel-dir built "$@" "$source"
"$python" -m venv site
"${offline[@]}" site/bin/python -m pip install --quiet --no-index --find-links house built/*.whl numpy
site/bin/nbhybrid --version
site/bin/python "$source/tests/golden_images.py" | tee images.json
judge images.json site/bin/python
