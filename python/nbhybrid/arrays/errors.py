"""What can be wrong with an array that a user passed."""

from __future__ import annotations

from nbhybrid.errors import NbhybridError


class ArrayTypeError(NbhybridError, TypeError):
    """An argument is no array, or one of the wrong type or on the wrong device."""


class ArrayValueError(NbhybridError, ValueError):
    """An array has the wrong shape or layout, or holds values that are of no use."""
