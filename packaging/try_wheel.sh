#!/usr/bin/env bash
# What a stranger does with a wheel: install it, offline and without a compiler, and see whether it computes what it should.
#
#   packaging/try_wheel.sh WHEEL [CUDA_WHEEL]
#
# WHEEL is installed in a clean environment with its test requirements. From there run the demo's case and the golden runs (but the
# two largest), at each level of instructions that this processor has, and without AVX in an emulator, where there is qemu-x86_64.
# CUDA_WHEEL (nbhybrid-cuda, of `build_wheel.sh --cuda`) is added then, and must be found and load its kernels with no CUDA toolkit
# here; one that does not belong to WHEEL must be refused; a GPU, where there is one, computes the golden images too.
#
# The requirements come from the folder WHEELHOUSE (build/wheelhouse). If it is not there it is filled first, by `pip download`: the one
# step that uses the network; remove it to fill it anew. Everything after it runs without one, where `unshare` may cut it off.
# PYTHON names the interpreter, by default python3. The exit status is 0 only if all of it went well.
set -euo pipefail

[ $# -eq 1 ] || [ $# -eq 2 ] || { echo "usage: try_wheel.sh WHEEL [CUDA_WHEEL]" >&2 && exit 2; }
for wheel in "$@"; do
    case $wheel in *.whl) [ -f "$wheel" ] ;; *) false ;; esac ||
        { echo "try_wheel.sh: $wheel: expected the path of a wheel" >&2 && exit 2; }
done
root=$(cd "$(dirname "$0")/.." && pwd)
wheelhouse=${WHEELHOUSE:-$root/build/wheelhouse}
# The interpreter itself: a version manager's wrapper needs a PATH that we are about to take away.
python=$("${PYTHON:-python3}" -c 'import sys; print(sys.executable)')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ ! -d "$wheelhouse" ]; then
    echo "filling $wheelhouse, with the network"
    "$python" -m pip download --quiet --only-binary :all: --dest "$work/house" "$1[test]"
    rm -f "$work"/house/nbhybrid-*.whl
    mkdir -p "$(dirname "$wheelhouse")"
    mv "$work/house" "$wheelhouse"
fi

# shellcheck source=trial.sh
source "$root/packaging/trial.sh"

# stranger WORD...: run a command with nothing of ours but the environment's own folder.
stranger() {
    "${offline[@]}" /usr/bin/env -i HOME="$home" PATH="$home/venv/bin" LANG=C.UTF-8 ${level:+NBHYBRID_ISA="$level"} "$@"
}

no_tools() {
    local tool
    for tool in cc gcc g++ c++ clang clang++ icx nvcc cmake ninja make; do
        # By the environment's Python: the shell would look where it found things before.
        if ! stranger "$home/venv/bin/python" -c "import shutil, sys; sys.exit(shutil.which('$tool') is not None)"; then
            echo "try_wheel.sh: $tool is on the PATH that should have none" >&2
            return 1
        fi
    done
}

levels() {
    stranger "$home/venv/bin/python" - <<'END'
import os, subprocess, sys
for level in ("v4", "v3", "v2", "baseline"):
    words = [sys.executable, "-c", "import nbhybrid as nb; from nbhybrid import _core; print(_core.isa())"]
    done = subprocess.run(words, env={**os.environ, "NBHYBRID_ISA": level}, capture_output=True, text=True)
    if done.stdout.strip() == level:
        print(level)
    else:
        print(f"level {level} is NOT tried: {(done.stderr.strip().splitlines() or ['not chosen'])[-1]}", file=sys.stderr)
END
}

golden() {
    stranger "$home/venv/bin/python" -m pytest -q -p no:cacheprovider "$root/tests/parity/test_golden.py" \
        -k 'not lyso_supervisor and not full_size'
}

# Each function's status counts, so none may be called where `set -e` does not hold.
try() {
    local wheel=$1 level=""
    home=$work/stranger
    mkdir "$home"
    echo "== $(basename "$wheel"): $(wc -c < "$wheel") bytes"
    "$python" -m venv "$home/venv"
    stranger "$home/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-index \
        --find-links "$wheelhouse" "$wheel[test]"
    no_tools
    cd "$home"
    stranger "$home/venv/bin/python" - "$home" <<'END'
import importlib.metadata, json, pathlib, sys
import nbhybrid
folder = pathlib.Path(nbhybrid.__file__).parent
assert pathlib.Path(sys.argv[1]) in folder.parents, folder
size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
print(f"installed in {folder}: {size} bytes", *(f"{path.name} {path.stat().st_size}" for path in folder.glob("*.so")), sep="; ")
(parts,) = (path for path in importlib.metadata.files("nbhybrid") if path.match("sboms/*.cdx.json"))
print("compiled into it:", *(f"{part['name']} {part['version']}" for part in json.loads(parts.read_text())["components"]))
END
    stranger nbhybrid --version
    stranger nbhybrid env
    # The picture and the comparison with the reference's image, by the installed package.
    stranger "$home/venv/bin/python" "$root/examples/lysozyme/demo.py" --out "$home/demo"
    local names
    names=$(levels)
    [ -n "$names" ]
    for level in $names; do
        echo "-- golden runs at level $level"
        golden
    done
    level=""
    if [ -n "$emulator" ]; then
        echo "-- golden runs on a processor without AVX, emulated"
        no_avx
    else
        echo "qemu-x86_64 is not here: a processor without AVX is NOT tried"
    fi
}

# Nehalem has SSE 4.2 and nothing later: AVX is an illegal instruction. The C library takes other functions there, too.
no_avx() {
    local site
    site=$(stranger "$home/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
    stranger /usr/bin/env PYTHONPATH="$site" "$emulator" -cpu Nehalem "$(readlink -f "$home/venv/bin/python")" \
        "$root/tests/golden_images.py" | tee "$home/images.json"
    grep -q '"isa": "v2"' "$home/images.json"
    judge "$home/images.json" stranger "$home/venv/bin/python"
}

# A plugin's file of another build must be refused, one of this build found.
try_cuda() {
    echo "== $(basename "$1"): $(wc -c < "$1") bytes"
    stranger "$home/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-index "$1"
    stranger "$home/venv/bin/python" - <<'END'
from nbhybrid import _core, devices
cuda = devices.cuda_extension()
print(f"kernels loaded from {cuda.__file__}")
cuda.interface = "another"
assert "not those of this nbhybrid" in devices.why_missing("cuda"), devices.why_missing("cuda")
END
    local missing
    missing=$(stranger "$home/venv/bin/python" -c 'from nbhybrid import devices; print(devices.why_missing("cuda"))')
    if [ -n "$missing" ]; then
        grep -q 'no device can be used' <<< "$missing"
        echo "no GPU is used here, images of one are NOT compared: $missing"
    else
        stranger "$home/venv/bin/python" "$root/tests/golden_images.py" cuda | tee "$home/images.json"
        judge "$home/images.json" stranger "$home/venv/bin/python"
    fi
}

SECONDS=0
wheel=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cuda_wheel=
[ $# -eq 1 ] || cuda_wheel=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
emulator=$(command -v qemu-x86_64 || command -v qemu-x86_64-static || true)
try "$wheel"
if [ -n "$cuda_wheel" ]; then
    try_cuda "$cuda_wheel"
fi
echo "All of it went well, in $SECONDS s."
