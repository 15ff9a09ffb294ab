"""The process that reads model files from outside; started by reader.py, never by people.

It takes a header and a document on its standard input, copies itself, lets the copy read the
document under the limits in the header, and answers how that ended and what came of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import sys
import time
from typing import IO, Any

from rascade.engine.sbml.reader import receive, send
from rascade.errors import RascadeError, UnsupportedFeature

__all__ = ["serve"]

_CHUNK = 1 << 20
_NO_MEMORY = 3  # exit status of a copy that had too little


def serve(source: IO[bytes], target: IO[bytes]) -> None:
    """Answer until the other side has ended."""
    # Loaded once, here; the copies have them already.
    import resource  # noqa: F401

    import libsbml  # noqa: F401

    while True:
        try:
            header, data = json.loads(receive(source)), receive(source)
        except EOFError:
            return
        end, answer = _apart(header, data) if hasattr(os, "fork") else ("done", _read(header, data))
        send(target, end.encode(), answer)


def _apart(header: dict[str, Any], data: bytes) -> tuple[str, bytes]:
    """Read in a copy of this process; return how it ended and what it wrote."""
    from_copy, to_here = os.pipe()
    copy = os.fork()
    if copy == 0:
        status = 1
        try:
            os.close(from_copy)
            _limit(header)
            _write(to_here, _read(header, data))
            status = 0
        except MemoryError:
            status = _NO_MEMORY
        finally:
            os._exit(status)  # nothing of what this process holds is flushed or torn down twice
    os.close(to_here)
    answer = _collect(from_copy, time.monotonic() + float(header["seconds"]))
    os.close(from_copy)
    if answer is None:
        os.kill(copy, signal.SIGKILL)
    _, status = os.waitpid(copy, 0)
    if answer is None:
        return "time", b""
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}", b""
    return {0: ("done", answer), _NO_MEMORY: ("memory", b"")}.get(
        os.waitstatus_to_exitcode(status), ("an unexpected end", b"")
    )


def _collect(pipe: int, deadline: float) -> bytes | None:
    """Return everything a copy writes; None if it is not done in time."""
    parts: list[bytes] = []
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                return None
            part = os.read(pipe, _CHUNK)
            if not part:
                return b"".join(parts)
            parts.append(part)


def _write(pipe: int, answer: bytes) -> None:
    view = memoryview(answer)
    while view:
        view = view[os.write(pipe, view) :]


def _limit(header: dict[str, Any]) -> None:
    """Limit this process for good: what has been lowered cannot be raised again."""
    import resource

    cpu = int(header["cpu_seconds"])
    for kind, soft, hard in (
        (resource.RLIMIT_CPU, cpu, cpu + 1),
        (resource.RLIMIT_AS, int(header["memory"]), int(header["memory"])),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),
        (getattr(resource, "RLIMIT_NPROC", None), 0, 0),
    ):
        if kind is not None:
            # Where the system already allows less, less it is.
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(kind, (soft, hard))


def _read(header: dict[str, Any], data: bytes) -> bytes:
    """Return the equations, or what is wrong with the model, as JSON."""
    from rascade.engine.sbml.document import parse
    from rascade.engine.sbml.plain import to_plain

    name = str(header["name"])
    try:
        return json.dumps({"system": to_plain(parse(data, name, int(header["nodes"])))}).encode()
    except UnsupportedFeature as error:
        found = {"feature": error.feature, "message": str(error)}
    except RascadeError as error:
        found = {"message": str(error)}
    except (MemoryError, SystemError) as error:  # libsbml's wrapper may lose the first on its way
        raise MemoryError from error
    except Exception as error:  # the file found a way that nobody foresaw: still only a bad file
        kind = type(error).__name__
        found = {"message": f"{name}: the model cannot be read ({kind}: {error!s:.200})"}
    return json.dumps(found).encode()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asked
    if hasattr(signal, "SIGCHLD"):  # ignored, as some parents leave it, there is nobody to wait for
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    serve(sys.stdin.buffer, sys.stdout.buffer)
