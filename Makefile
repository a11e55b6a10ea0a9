# `make demo` and `make test` each do everything on a fresh machine with Python >= 3.10 and a C++ compiler.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find csrc cuda python -type f \( -name '*.[ch]pp' -o -name '*.def' -o -name '*.cu*' -o -name '*.cmake' -o -name '*.py' -o -name '*.pyi' \)) pyproject.toml CMakeLists.txt
TEST_SOURCES := $(shell find tests/cpp -type f)

.PHONY: demo test lint format tidy asan initialised instructions nightly extending aarch64 cuda fuzz docs bench wheel sdist clean

# What is installed and tested: this folder, or a wheel that was built before (make test WHEEL=dist/wheel/....whl).
WHEEL ?= .
# How many tests run at a time: auto is one for each core.
TEST_PROCESSES ?= auto
# How long `make fuzz` tries each reader.
FUZZ_SECONDS ?= 600
CXX_FILES = $(shell find csrc cuda tests -name '*.[ch]pp' -o -name '*.cu' -o -name '*.cuh')
RUN_CMAKE = PATH="$(CURDIR)/$(BIN):$$PATH" cmake

demo: $(VENV)/installed
	$(BIN)/python examples/lysozyme/demo.py

test: $(VENV)/installed build/dev/nbhybrid_tests
	build/dev/nbhybrid_tests
	build/dev/nbhybrid_device_tests
	NBHYBRID_PERTURBED=$(CURDIR)/build/dev/nbhybrid_perturbed $(BIN)/python -m pytest -n $(TEST_PROCESSES) tests

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest nbhybrid._core --allowlist tests/unit/stubtest_allowlist.txt
	@$(BIN)/clang-format --dry-run --Werror $(CXX_FILES)

format: $(VENV)/dev
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	@$(BIN)/clang-format -i $(CXX_FILES)

# Mistakes that compilers pass over, and includes that nobody needs; .clang-tidy says which. The sources of the kernel's levels are
# templates, of which nothing is seen without instances.
TIDY_FILES = $(shell find csrc -name '*.cpp' -not -path '*/isa/*')
TIDY_FLAGS = -std=c++17 -Icsrc -DNBHYBRID_X86_LEVELS -DNBHYBRID_INTERFACE='""' -DNBHYBRID_VERSION='""' -DNBHYBRID_COMMIT='""'
tidy: $(VENV)/installed
	$(BIN)/python -m pip install --quiet clang-tidy==23.1.4 'pybind11>=2.12'
	@printf '%s\n' $(TIDY_FILES) | xargs -P $$(nproc) -I{} $(BIN)/clang-tidy --quiet {} -- $(TIDY_FLAGS) \
	  -isystem $$($(BIN)/python -c 'import pybind11; print(pybind11.get_include())') \
	  -isystem $$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_paths()["include"])')

asan: $(VENV)/tools
	$(RUN_CMAKE) --preset asan
	$(RUN_CMAKE) --build --preset asan
	build/asan/nbhybrid_tests
	build/asan/nbhybrid_device_tests

# Nothing is read that was never written; tests/initialised says how that is seen. Needs valgrind and gcc 12 or later.
VALGRIND ?= valgrind
INITIALISED_FLAGS ?= -O1 -g1
initialised: $(VENV)/tools build/dev/nbhybrid_tests
	@command -v $(VALGRIND) > /dev/null || { echo "make initialised: $(VALGRIND) is not here: what is read and was never written is NOT LOOKED FOR" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet 'pytest>=7' numpy
	for way in initialised-pattern initialised-zero; do \
	  $(RUN_CMAKE) --preset $$way -DCMAKE_CXX_FLAGS_CHECKS="$(INITIALISED_FLAGS)" || exit 1; \
	  $(RUN_CMAKE) --build --preset $$way || exit 1; \
	done
	NBHYBRID_INITIALISED=$(CURDIR)/build VALGRIND=$(VALGRIND) $(BIN)/python -m pytest -q tests/initialised

# Two short runs take no more instructions than they did. Needs valgrind.
instructions: build/dev/nbhybrid_tests
	$(BIN)/python bench/instructions.py build/dev/nbhybrid_native

# What takes too long for every change: the same with the kernel optimised as users have it, and the worked examples of extensions.
nightly:
	$(MAKE) initialised INITIALISED_FLAGS="-O3 -g1"
	$(MAKE) extending

# The examples of docs/extending.md, applied to a copy of this folder and built there.
extending: $(VENV)/installed
	$(BIN)/python -m pip install --quiet 'pybind11>=2.12'
	PATH="$(CURDIR)/$(BIN):$$PATH" NBHYBRID_EXTENDING=build/extending $(BIN)/python -m pytest -q tests/extending

# Built for 64-bit ARM, and run by an emulator: the C++ tests, the golden runs but the largest. Needs g++-aarch64-linux-gnu and
# qemu-user.
aarch64: $(VENV)/installed
	$(RUN_CMAKE) --preset aarch64
	$(RUN_CMAKE) --build --preset aarch64
	$(BIN)/ctest --preset aarch64
	native="$$(command -v qemu-aarch64 || command -v qemu-aarch64-static) -L /usr/aarch64-linux-gnu $(CURDIR)/build/aarch64/nbhybrid_native"; \
	NBHYBRID_NATIVE="$$native" NBHYBRID_CMD="$$native run" \
	  $(BIN)/python -m pytest -q tests/parity/test_native.py tests/parity/test_golden.py -k 'not lyso_supervisor and not full_size'

# Needs nvcc, but no GPU.
cuda: $(VENV)/tools
	$(RUN_CMAKE) --preset cuda-compile
	$(RUN_CMAKE) --build --preset cuda-compile

# Needs clang and its runtime. What is found stays in build/fuzz/corpus.
fuzz: $(VENV)/tools
	$(RUN_CMAKE) --preset fuzz
	$(RUN_CMAKE) --build --preset fuzz
	$(BIN)/python tests/fuzz/make_seeds.py build/fuzz/seeds
	for source in tests/fuzz/fuzz_*.cpp; do \
	  reader=$$(basename $$source .cpp); reader=$${reader#fuzz_}; \
	  mkdir -p build/fuzz/corpus/$$reader build/fuzz/seeds/$$reader; \
	  build/fuzz/tests/fuzz/fuzz_$$reader -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=4096 -artifact_prefix=build/fuzz/ \
	    build/fuzz/corpus/$$reader build/fuzz/seeds/$$reader || exit 1; \
	done

# Warnings are errors. The tests run the tutorial's blocks.
docs: $(VENV)/installed
	$(BIN)/python -m pip install --quiet 'sphinx>=7' 'myst-parser>=2' 'numpydoc>=1.6'
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs

bench: $(VENV)/installed
	$(BIN)/python bench/run.py

# The wheel is built from the source archive, which shows that the archive is complete.
wheel: $(VENV)/tools
	$(BIN)/python -m build --outdir dist .

sdist: $(VENV)/tools
	$(BIN)/python -m build --sdist --outdir dist .

clean:
	rm -rf build dist $(VENV)

$(VENV)/python:
	@$(PYTHON) -c 'import sys; sys.exit("nbhybrid needs Python 3.10 or later; this is " + sys.version.split()[0] + ". Say PYTHON=... to choose another.") if sys.version_info < (3, 10) else None'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/tools: $(VENV)/python
	$(BIN)/python -m pip install --quiet --upgrade pip cmake ninja build
	@touch $@

$(VENV)/dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet ruff mypy clang-format==19.1.7
	@touch $@

$(VENV)/installed: $(VENV)/tools $(SOURCES) $(filter-out .,$(WHEEL))
	$(BIN)/python -m pip install --quiet '$(WHEEL)[test]'
	@touch $@

build/dev/nbhybrid_tests: $(VENV)/tools $(SOURCES) $(TEST_SOURCES)
	$(RUN_CMAKE) --preset dev
	$(RUN_CMAKE) --build --preset dev
	@touch $@
