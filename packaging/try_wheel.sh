#!/usr/bin/env bash
# What a stranger does with a wheel: install it, offline and without a compiler, and see whether it computes what it should.
#
#   packaging/try_wheel.sh WHEEL [CUDA_WHEEL]
#
# WHEEL is installed in a clean environment with its test requirements. From there run the demo's case and the golden runs (but the
# two largest), at each level of instructions that this processor has. CUDA_WHEEL (of `build_wheel.sh --cuda`) does the same, and
# must load its kernels with no CUDA toolkit here; a GPU, where there is one, computes the golden images too.
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

offline=()
if unshare --net --map-root-user true 2> /dev/null; then
    offline=(unshare --net --map-root-user)
else
    echo "unshare may not cut off the network here: that nothing is downloaded is ONLY what pip's --no-index promises"
fi

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
    home=$work/$2
    mkdir "$home"
    echo "== $(basename "$wheel"): $(wc -c < "$wheel") bytes"
    "$python" -m venv "$home/venv"
    stranger "$home/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-index \
        --find-links "$wheelhouse" "$wheel[test]"
    no_tools
    cd "$home"
    stranger "$home/venv/bin/python" - "$home" <<'END'
import pathlib, sys
import nbhybrid
folder = pathlib.Path(nbhybrid.__file__).parent
assert pathlib.Path(sys.argv[1]) in folder.parents, folder
size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
print(f"installed in {folder}: {size} bytes", *(f"{path.name} {path.stat().st_size}" for path in folder.glob("*.so")), sep="; ")
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
}

try_cuda() {
    stranger "$home/venv/bin/python" - "$root/tests/golden" <<'END'
import hashlib, json, os, sys
import nbhybrid as nb
from nbhybrid import _cuda
from nbhybrid.devices import why_missing

missing = why_missing("cuda")
print(f"kernels loaded from {_cuda.__file__}")
if missing:
    assert "build has no CUDA" not in missing and "cannot be loaded" not in missing, missing
    print(f"no GPU is used here, images of one are NOT compared: {missing}")
    sys.exit()
os.chdir(f"{sys.argv[1]}/inputs")
wrong, count = [], 0
for name, case in json.load(open("../cases.json")).items():
    image = nb.simulate(nb.Experiment.from_args(case["args"].split()), device="cuda")
    count += 1
    if hashlib.sha256(image.tobytes()).hexdigest() != case["float_sha256"]:
        wrong.append(name)
print(f"golden images by the GPU: {count - len(wrong)} of {count} are the reference's to the bit")
sys.exit(f"not: {', '.join(wrong)}" if wrong else 0)
END
}

SECONDS=0
wheel=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cuda_wheel=
[ $# -eq 1 ] || cuda_wheel=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
try "$wheel" cpu
if [ -n "$cuda_wheel" ]; then
    try "$cuda_wheel" cuda
    try_cuda
fi
echo "All of it went well, in $SECONDS s."
