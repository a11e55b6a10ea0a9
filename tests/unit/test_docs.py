"""The blocks of the tutorial run, one after the other; tables name what there is."""

import pathlib
import re

import nbhybrid as nb
import pytest

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"


def test_the_tutorial_runs(capsys):
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "tutorial.md").read_text(), re.S)
    assert len(blocks) >= 8
    names = {}
    for block in blocks:
        exec(block, names)
    assert "no unit cell has the angles" in capsys.readouterr().out


def test_words_of_the_table_are_those_of_the_objects():
    """Each keyword behind an object's name is one of its fields."""
    table = (DOCS / "coming_from.md").read_text()
    calls = re.findall(r"\b(Crystal|Beam|Sensor|Scan|Sampling|Detector\.custom|UnitCell)\(([^`]*)\)", table)
    assert len(calls) > 15
    for name, words in calls:
        fields = getattr(nb, name.split(".")[0]).__dataclass_fields__
        for keyword in re.findall(r"(\w+)=", words):
            nested = {field for kind in (nb.UnitCell, nb.Sources, nb.Spread) for field in kind.__dataclass_fields__}
            assert keyword in {*fields, *nested}, f"{name} has no {keyword}"


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_pictures_are_there(page):
    for name in re.findall(r"\]\((images/[^)]+)\)|\{figure\} (images/\S+)", page.read_text()):
        assert (DOCS / (name[0] or name[1])).is_file()
