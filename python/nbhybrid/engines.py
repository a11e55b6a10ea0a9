"""Which engines and devices there are, and which of them work together here."""

from __future__ import annotations

ENGINES = ("exact", "fast")
# Those whose bits are the reference's.
EXACT_ENGINES = ("exact",)
DEVICES = ("cpu", "cuda")


def missing(engine: str, device: str) -> str:
    """Return why this engine cannot run on this device; empty if it can."""
    if engine not in ENGINES:
        return f"engine: found {engine!r}, expected {' or '.join(ENGINES)}"
    if device not in DEVICES:
        return f"device: found {device!r}, expected {' or '.join(DEVICES)}"
    return "cuda: this build has no CUDA kernels" if device == "cuda" else ""
