"""Files that come with the package. The build puts them here, from examples/ and tests/golden/."""

from __future__ import annotations

import importlib.resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def data_file(name: str) -> Traversable:
    """Return a file of this folder, by its path with slashes."""
    return importlib.resources.files(__name__).joinpath(*name.split("/"))
