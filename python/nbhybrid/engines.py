"""Which engines and devices there are, and which of them work together here."""

from __future__ import annotations

from nbhybrid.devices import is_device, why_missing

ENGINES = ("exact", "fast")
# Those whose bits are the reference's.
EXACT_ENGINES = ("exact",)
DEVICES = ("cpu", "cuda")  # and cuda:N


def missing(engine: str, device: str) -> str:
    """Return why this engine cannot run on this device; empty if it can."""
    if engine not in ENGINES:
        return f"engine: found {engine!r}, expected {' or '.join(ENGINES)}"
    if not is_device(device):
        return f"device: found {device!r}, expected cpu, cuda or cuda:N"
    return why_missing(device)
