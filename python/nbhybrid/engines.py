"""Which engines and devices there are, and which of them work together here."""

from __future__ import annotations

from nbhybrid.devices import is_device, why_missing

ENGINES = ("exact", "fast")
# Those whose bits are the reference's.
EXACT_ENGINES = ("exact",)
DEVICES = ("cpu", "cuda")  # and cuda:N


def unknown(engine: str, device: str) -> str:
    """Return why there can be no such engine or device anywhere; empty if there can."""
    if engine not in ENGINES:
        return f"engine: found {engine!r}, expected {' or '.join(ENGINES)}"
    if not is_device(device):
        return f"device: found {device!r}, expected cpu, cuda or cuda:N"
    return ""


def missing(engine: str, device: str) -> str:
    """Return why this engine cannot run on this device here; empty if it can."""
    return unknown(engine, device) or why_missing(device)
