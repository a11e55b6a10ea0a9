# `make demo` and `make test` each do everything on a fresh machine with Python >= 3.10 and a C++ compiler.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find csrc cuda python -type f \( -name '*.[ch]pp' -o -name '*.cu' -o -name '*.py' -o -name '*.pyi' \)) pyproject.toml CMakeLists.txt
TEST_SOURCES := $(shell find tests/cpp -type f)

.PHONY: demo test lint asan fuzz bench wheel sdist clean

demo: $(VENV)/installed
	$(BIN)/python examples/lysozyme/demo.py

test: $(VENV)/installed build/dev/nbhybrid_tests
	build/dev/nbhybrid_tests
	$(BIN)/python -m pytest tests

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror $$(find csrc cuda tests -name '*.[ch]pp' -o -name '*.cu')

asan: $(VENV)/tools
	PATH="$(CURDIR)/$(BIN):$$PATH" cmake --preset asan
	PATH="$(CURDIR)/$(BIN):$$PATH" cmake --build --preset asan
	build/asan/nbhybrid_tests

# Ten minutes for each reader.
fuzz: $(VENV)/tools
	PATH="$(CURDIR)/$(BIN):$$PATH" cmake --preset fuzz
	PATH="$(CURDIR)/$(BIN):$$PATH" cmake --build --preset fuzz
	for reader in hkl fdump smv matrix; do mkdir -p build/fuzz/corpus_$$reader; \
	  build/fuzz/tests/fuzz/fuzz_$$reader -max_total_time=600 -rss_limit_mb=4096 build/fuzz/corpus_$$reader tests/fuzz/corpus/$$reader || exit 1; done

bench: $(VENV)/installed
	$(BIN)/python bench/run.py

wheel: $(VENV)/tools
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

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

$(VENV)/installed: $(VENV)/tools $(SOURCES)
	$(BIN)/python -m pip install --quiet '.[test]'
	@touch $@

build/dev/nbhybrid_tests: $(VENV)/tools $(SOURCES) $(TEST_SOURCES)
	PATH="$(CURDIR)/$(BIN):$$PATH" cmake --preset dev
	PATH="$(CURDIR)/$(BIN):$$PATH" cmake --build --preset dev
	@touch $@
