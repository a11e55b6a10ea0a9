"""What a command does when it is asked to end."""

from __future__ import annotations

import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType


def unwind_when_terminated() -> None:
    """Let SIGTERM unwind the program from now on, so that workers end and temporary files are removed."""
    signal.signal(signal.SIGTERM, _unwind)


def _unwind(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + signum)
