#!/usr/bin/env bash
# Everything that needs a GPU: builds, tests, looks for bad memory accesses, measures, and prints a short table last. It needs nvcc,
# Python >= 3.10 with numpy, pytest, pybind11 and cmake, a GPU and its driver, and no network. PYTHON names another Python.
set -euo pipefail
cd "$(dirname "$0")/../.."
PYTHON=${PYTHON:-python3}
BUILD=build/gpu

nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
cmake -S . -B "$BUILD" -DCMAKE_BUILD_TYPE=Release -DNBHYBRID_PYTHON=ON -DNBHYBRID_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES=native \
    -DPython_EXECUTABLE="$(command -v "$PYTHON")" -Dpybind11_DIR="$("$PYTHON" -m pybind11 --cmakedir)"
cmake --build "$BUILD" --parallel --target _core _cuda
cmake --install "$BUILD" --prefix "$BUILD/site"
cp -r python/nbhybrid/. "$BUILD/site/nbhybrid/"
export PYTHONPATH="$PWD/$BUILD/site"
# Else the tests below would only skip.
"$PYTHON" -c 'from nbhybrid import devices, _cuda; devices.open_device("cuda"); print(_cuda.device_names())'

"$PYTHON" -m pytest -q -p no:cacheprovider tests/gpu tests/parity/test_device.py tests/parity/test_device_sets.py tests/unit/test_device_code.py \
    tests/unit/test_device_machine_code.py tests/trace/test_device_trace.py
if command -v compute-sanitizer > /dev/null; then
    # initcheck looks at global memory alone; registers and the stack are looked at on the host, by make initialised.
    for tool in memcheck initcheck racecheck synccheck; do
        PYTHONPATH="$PYTHONPATH:tests" timeout 60 compute-sanitizer --tool "$tool" --error-exitcode 9 \
            "$PYTHON" tests/gpu/small_set.py $([ "$tool" != initcheck ] || echo --without-traces) || { echo "$tool: exit status $?, see above"; exit 1; }
    done
else
    echo "compute-sanitizer is not here: memory accesses are NOT checked"
fi
"$PYTHON" bench/gpu.py --json "$BUILD/gpu.json"
echo "all of it took $SECONDS s"
