"""A polite kill is an interruption: it unwinds the stack, and the message says what was kept."""

from __future__ import annotations

import signal
from types import FrameType

__all__ = ["INTERRUPTED", "how_it_ended", "interruption_code", "listen"]

INTERRUPTED = 130
_came: list[int] = []  # the signals that ended this run, other than Ctrl-C


def listen() -> None:
    """Treat SIGTERM, and the end of the terminal, as Ctrl-C; a signal that is ignored stays so."""
    _came.clear()
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        try:
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _end)
        except ValueError:  # not the main thread, as in a test or a server
            return


def _end(number: int, _frame: FrameType | None) -> None:
    _came.append(number)
    raise KeyboardInterrupt


def how_it_ended() -> str:
    """Return ``interrupted``, with the signal if it was not Ctrl-C."""
    return f"interrupted by {signal.Signals(_came[0]).name}" if _came else "interrupted"


def interruption_code() -> int:
    """Return the exit code: 128 and the number of the signal."""
    return 128 + _came[0] if _came else INTERRUPTED
