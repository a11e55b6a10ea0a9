"""Who may know whom: the layers of the C++ core and of the Python package, the size of a file, what the device check covers."""

import ast
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORE = ROOT / "csrc" / "nbhybrid"
PACKAGE = ROOT / "python" / "nbhybrid"

# Folder under csrc/nbhybrid -> the folders it may include, besides itself.
LAYERS = {
    "core": set(),
    "numerics": {"core"},
    "random": {"core"},
    "physics": {"core"},
    "terms": {"core", "numerics", "physics"},
    "model": {"core", "numerics", "random", "physics"},
    # Of the numbers of a valid experiment, which is why it stands before all that computes with them.
    "checks": {"core", "model", "physics"},
    "plan": {"core", "numerics", "model", "physics", "terms"},
    "kernel": {"core", "numerics", "physics", "terms", "plan"},
    "trace": {"core", "plan", "kernel"},
    "image": {"core", "numerics", "random"},
    "io": {"core", "model"},
    "options": {"core", "model", "physics", "checks", "io", "random"},
}
# The model and the plan once more, with numbers that know their slopes.
LAYERS["derivatives"] = {"core", "numerics", "random", "physics", "model", "plan", "options"}
LAYERS["run"] = set(LAYERS)
LAYERS["bindings"] = set(LAYERS)

# Uses that the table does not allow, each with its reason: (including file's folder, included header).
ALLOWED_BESIDES = {
    ("image", "model/detector.hpp"): "an image is cut to the detector's Region, a struct of four numbers",
}

# Modules that may import numpy. Those of `nbhybrid run` are not among them: it starts faster without, and does not need it.
NUMPY_USERS = {
    *(
        "beam",
        "crystal",
        "derivatives",
        "detector",
        "experiment",
        "images",
        "noise",
        "simulator",
        "structure_factors",
        "torch",
        "traces",
        "values",
    ),
    *(f"arrays/{name}" for name in ("checks", "device", "host", "kinds", "outputs", "wanted")),
    *(f"batch/{name}" for name in ("counter", "orientations", "output", "render", "shots", "spec")),
    "formats/_hdf5_series",
    *("parity/compare_images", "parity/compare_traces", "parity/image_report"),
}

# Of the package that checks all arrays; the others know the package alone.
ARRAY_MODULES = {path.stem for path in (PACKAGE / "arrays").glob("*.py")}

# Nothing else imports torch, and nothing imports this module unasked.
TORCH_USERS = {"torch"}

# Longest source file, in lines, and the files that may be longer, with the reason.
LONGEST = 500
LONG_FILES = {}

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def sources_below(folder, *endings):
    """Return the files below a folder that have one of these endings."""
    return sorted(path for path in folder.rglob("*") if path.suffix in endings and path.is_file())


def name_of(path):
    """Return a path as it is said in messages."""
    return path.relative_to(ROOT).as_posix()


CORE_FILES = sources_below(CORE, ".hpp", ".cpp", ".def")
PYTHON_FILES = sources_below(PACKAGE, ".py")


def test_there_is_something_to_test():
    """An empty list of files would pass every other test here."""
    assert len(CORE_FILES) > 50
    assert len(PYTHON_FILES) > 5
    assert {path.name for path in CORE.iterdir() if path.is_dir()} == set(LAYERS)


def test_layers_have_no_cycle():
    """The table itself must allow an order of the layers in which each knows only earlier ones."""
    known = set()
    while len(known) < len(LAYERS):
        ready = {layer for layer, uses in LAYERS.items() if layer not in known and uses - {layer} <= known}
        assert ready or known >= set(LAYERS) - {"run", "bindings"}, f"a cycle among {sorted(set(LAYERS) - known)}"
        known |= ready or {"run", "bindings"}


@pytest.mark.parametrize("path", CORE_FILES, ids=name_of)
def test_cpp_includes(path):
    """Ours are included by their path from csrc/ and from an allowed layer only; Python's headers by the bindings only."""
    layer = path.relative_to(CORE).parts[0]
    for quoted, bracketed in INCLUDE.findall(path.read_text(encoding="utf-8")):
        if bracketed:
            assert not bracketed.startswith("nbhybrid/"), f"<{bracketed}>: write it with quotation marks"
            if layer != "bindings":
                assert not bracketed.startswith(("pybind11/", "Python.h")), f"<{bracketed}> belongs to bindings/"
            continue
        assert quoted.startswith("nbhybrid/"), f'"{quoted}": write the path from csrc/'
        assert (ROOT / "csrc" / quoted).is_file(), f"{quoted} does not exist"
        header = quoted.removeprefix("nbhybrid/")
        allowed = LAYERS[layer] | {layer}
        assert header.split("/")[0] in allowed or (layer, header) in ALLOWED_BESIDES, (
            f"{layer}/ may include {', '.join(sorted(allowed))}, not {quoted}"
        )


def test_every_exception_is_used():
    """An exception that nobody needs any more is removed."""
    used = {
        (path.relative_to(CORE).parts[0], quoted.removeprefix("nbhybrid/"))
        for path in CORE_FILES
        for quoted, _ in INCLUDE.findall(path.read_text(encoding="utf-8"))
    }
    assert set(ALLOWED_BESIDES) <= used


@pytest.mark.parametrize("path", [p for p in CORE_FILES if p.suffix == ".hpp"], ids=name_of)
def test_headers_are_guarded(path):
    """Each header begins with the one line that lets it be included twice."""
    assert path.read_text(encoding="utf-8").startswith("#pragma once\n")


def imports_of(path):
    """Yield (module, at module level) for every import of a Python file, relative ones made absolute."""
    package = ["nbhybrid", *path.relative_to(PACKAGE).parts[:-1]]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside_functions = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for node in ast.walk(function)
    }
    for_types_only = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.dump(branch.test)
        for statement in branch.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in for_types_only:
            continue
        at_module_level = id(node) not in inside_functions
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, at_module_level
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module, at_module_level
            for alias in node.names:
                yield f"{module}.{alias.name}", at_module_level


@pytest.mark.parametrize("path", PYTHON_FILES, ids=name_of)
def test_python_imports(path):
    """Errors and version know nobody, only __main__ knows the command line, heavy packages are imported where they are used."""
    name = path.relative_to(PACKAGE).with_suffix("").as_posix()
    imported = list(imports_of(path))
    if name in ("errors", "_version"):
        assert not [module for module, _ in imported if module.split(".")[0] == "nbhybrid"]
    if name != "__main__" and not name.startswith("cli/"):
        assert not [module for module, _ in imported if module.startswith("nbhybrid.cli")]
    numpy_uses = [at_module_level for module, at_module_level in imported if module.split(".")[0] == "numpy"]
    # A format may write with numpy, but the registry must not need it.
    is_format = name.startswith("formats/")
    if name not in NUMPY_USERS:
        assert not any(numpy_uses) if is_format else not numpy_uses
    heavy = [module for module, at_module_level in imported if at_module_level and module.split(".")[0] in ("torch", "cupy")]
    assert name in TORCH_USERS or not heavy
    assert "nbhybrid.torch" not in [module for module, _ in imported]
    if not name.startswith("arrays/"):
        inner = [module for module, _ in imported if module.startswith("nbhybrid.arrays.")]
        assert not [module for module in inner if module.split(".")[2] in ARRAY_MODULES], "nbhybrid.arrays has one entry"


SOURCES = [
    *sources_below(ROOT / "csrc", ".hpp", ".cpp", ".def"),
    *sources_below(ROOT / "cuda", ".cu", ".cuh", ".cpp", ".hpp"),
    *sources_below(ROOT / "python", ".py", ".pyi"),
    *sources_below(ROOT / "tests", ".py", ".hpp", ".cpp"),
    *sources_below(ROOT / "examples", ".py"),
    *sources_below(ROOT / "bench", ".py"),
]


def test_no_source_file_is_too_long():
    """A file that grows past the limit is split, or stands in the list with its reason."""
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > LONGEST and name not in LONG_FILES} == {}
    assert {name for name in LONG_FILES if lengths.get(name, 0) <= LONGEST} == set()


# What the host alone uses: sums of images, and the numbers of derivatives of the model.
HOST_ONLY = {CORE / "numerics" / "ordered_sum.hpp", CORE / "numerics" / "dual.hpp"}


def test_physics_is_compiled_for_the_device():
    """Each header of a formula is reached from a file under cuda/, so that nvcc sees it."""
    reached, to_read = set(), sources_below(ROOT / "cuda", ".cu", ".cuh")
    assert to_read
    while to_read:
        for quoted, _ in INCLUDE.findall(to_read.pop().read_text(encoding="utf-8")):
            header = ROOT / "csrc" / quoted
            if quoted.startswith("nbhybrid/") and header not in reached:
                reached.add(header)
                to_read.append(header)
    for folder in ("numerics", "physics", "terms"):
        assert set(sources_below(CORE / folder, ".hpp")) - HOST_ONLY <= reached
