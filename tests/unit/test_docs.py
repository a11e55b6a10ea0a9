"""The blocks of the pages run, one after the other; what tables and text say of nbhybrid's objects is there."""

import ast
import dataclasses
import inspect
import pathlib
import re

import nbhybrid as nb
import numpy as np
import pytest
from nbhybrid.detector import CONVENTIONS
from nbhybrid.experiment import PARTS

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
NAMES_PAGES = sorted(DOCS.glob("coming_from*.md"))


def blocks_of(page):
    return re.findall(r"```python\n(.*?)```", page.read_text(), re.S)


@pytest.mark.parametrize("page", [page for page in sorted(DOCS.glob("*.md")) if blocks_of(page)], ids=lambda page: page.name)
def test_the_blocks_of_a_page_run(page, capsys):
    names = {}
    for block in blocks_of(page):
        exec(block, names)
    if page.name == "tutorial.md":
        assert "no unit cell has the angles" in capsys.readouterr().out


def test_the_pages_that_should_have_blocks_do():
    assert len(blocks_of(DOCS / "tutorial.md")) >= 8
    for name in ("coming_from_simtbx.md", "coming_from_nanobrag_torch.md"):
        assert blocks_of(DOCS / name), name


# What tables may call: nbhybrid's names, and these. Instances are stood for by their classes.
ROOTS = {name: getattr(nb, name) for name in nb.__all__} | {
    "nbhybrid": nb,
    "np": np,
    "experiment": nb.Experiment,
    "simulator": nb.Simulator,
    "image": np.ndarray,
}
FOREIGN = {"panel", "beam", "len", "sum", "list"}  # objects of dxtbx, and Python's own
KINDS = (nb.Crystal, nb.StructureFactors, nb.Beam, nb.Detector, nb.Sensor, nb.Scan, nb.Sampling)
FIELDS = {field.name for kind in KINDS for field in dataclasses.fields(kind)} | {"default"}


def parsed(span):
    """Return the tree of a code span, in which keywords may stand without values and without a call; None if it is no Python."""
    text = re.sub(r"=(?=\s*[,)]|\s*$)", "=...", " ".join(span.split()))
    for attempt in (text, f"_({text})"):
        try:
            return ast.parse(attempt, mode="eval")
        except SyntaxError:
            continue
    return None


def meant(node, strict):
    """Return what a name, an attribute or a call stands for: a module, a class (also for its instances), a function, or None."""
    if isinstance(node, ast.Name):
        assert not strict or node.id in {*ROOTS, *FOREIGN, "_"}, f"nothing is known of {node.id}"
        return ROOTS.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = meant(node.value, strict=False)
        if owner is None or (inspect.isclass(owner) and node.attr in {*getattr(owner, "__annotations__", {}), *PARTS}):
            return None
        if owner is nb and not hasattr(nb, node.attr):
            __import__(f"nbhybrid.{node.attr}")
        assert hasattr(owner, node.attr), f"{owner.__name__} has no {node.attr}"
        return getattr(owner, node.attr)
    if isinstance(node, ast.Call):
        called = meant(node.func, strict)
        if inspect.isclass(called):
            return called
        return called.__self__ if inspect.ismethod(called) else None
    return None


def keywords_of(called):
    """Return the keywords that a class or a function of nbhybrid takes."""
    if called in (nb.Experiment.replace, nb.Simulator.update):
        return {*PARTS, "semantics"}
    if inspect.ismethod(called) and called.__name__ in CONVENTIONS:
        return {field.name for field in dataclasses.fields(called.__self__)}
    names = set(inspect.signature(called).parameters)
    return names | set(inspect.signature(nb.Simulator).parameters) if called is nb.simulate else names


def check(tree, strict):
    """Check each call and attribute of an expression; return the number of nbhybrid's calls."""
    found = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            meant(node, strict=False)
        if not isinstance(node, ast.Call):
            continue
        called = meant(node.func, strict)
        given = {keyword.arg for keyword in node.keywords}
        if isinstance(node.func, ast.Name) and node.func.id == "_":
            assert given <= FIELDS, f"no object has {given - FIELDS}"
        elif getattr(called, "__module__", "").startswith("nbhybrid"):
            assert given <= keywords_of(called), f"{ast.unparse(node.func)} has no {given - keywords_of(called)}"
            places = [p for p in inspect.signature(called).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
            values = [value for value in node.args if not (isinstance(value, ast.Constant) and value.value is ...)]
            assert len(values) <= len(places), f"{ast.unparse(node)}: too many values"
            if any(keyword.arg == "semantics" and isinstance(keyword.value, ast.Constant) for keyword in node.keywords):
                semantics = next(keyword.value.value for keyword in node.keywords if keyword.arg == "semantics")
                nb._core.corrects(semantics, "phi-carryover")
            found += 1
    return found


@pytest.mark.parametrize("page", NAMES_PAGES, ids=lambda page: page.name)
def test_what_stands_beside_other_programs_names_is_there(page):
    """In tables, every code span of the column of nbhybrid; elsewhere those that call one of its objects."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    rows = re.findall(r"^\|(.*)\|$", text, re.M)
    found = 0
    for row in rows:
        for span in re.findall(r"`([^`]+)`", row.split(" | ")[1]):
            if span.startswith(("nbhybrid ", "--")):
                continue
            tree = parsed(span)
            assert tree is not None, f"{span} is no Python"
            found += check(tree, strict=True)
    assert found > 15
    prose = re.sub(r"^\|.*\|$", "", text, flags=re.M)
    others = [span for row in rows for span in re.findall(r"`([^`]+)`", " ".join(row.split(" | ")[2:]))]
    for span in re.findall(r"`([^`]+)`", prose) + others:
        tree = parsed(span)
        if tree is not None and not (isinstance(tree.body, ast.Call) and getattr(tree.body.func, "id", "") == "_"):
            check(tree, strict=False)


@pytest.mark.parametrize(
    ("span", "message"),
    [
        ("Crystal(cells=3)", "has no"),
        ("Detector.mosfilm(pixels=(1, 1))", "has no mosfilm"),
        ("Detector.mosflm(pixel=(1, 1))", "has no"),
        ("Beam(sources=Sources(directions, wavelength=))", "has no"),
        ("Simulator(experiment).draw()", "has no draw"),
        ("Spread(range, steps, step, shape)", "too many"),
        ("experiment.picture", "has no picture"),
        ("region_mm=(0, 1)", "no object has"),
        ("Kristall(n_cells=3)", "nothing is known"),
    ],
)
def test_wrong_names_are_found(span, message):
    with pytest.raises(AssertionError, match=message):
        check(parsed(span), strict=True)


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_pictures_are_there(page):
    for name in re.findall(r"\]\((images/[^)]+)\)|\{figure\} (images/\S+)", page.read_text()):
        assert (DOCS / (name[0] or name[1])).is_file()
