"""What the workbench is told when it starts."""

from __future__ import annotations

import ipaddress
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from rascade.errors import InputError

__all__ = ["MAX_BODY", "ServeSettings", "is_loopback"]

#: Bytes of a request, at most; a study file has a few thousand.
MAX_BYTES_OF_A_STUDY = 2**20
MAX_BODY = MAX_BYTES_OF_A_STUDY + 2**14


def is_loopback(host: str) -> bool:
    """Return whether a name or address means this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class ServeSettings:
    """Where the workbench listens, what it may use, and where it keeps its runs.

    Attributes:
        home: folder of the queue and of the results.
        host, port: where it listens.
        token: what a browser must know; None where only this machine can come in.
        threads: of the solver.
        max_patients: in all arms of a job.
        max_minutes: of a job.
        max_gigabytes: of memory of a job, where the system can hold a process to it.
        warm: whether the first study is compiled while nobody asks yet.
        names: by which this machine is called here.

    Raises:
        InputError: a number is out of range.
    """

    home: Path
    host: str = "127.0.0.1"
    port: int = 8302
    token: str | None = None
    threads: int = 1
    max_patients: int = 20_000
    max_minutes: float = 120.0
    max_gigabytes: float = 8.0
    warm: bool = True
    names: tuple[str, ...] = field(default=("127.0.0.1", "localhost", "[::1]"))

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65_535:
            raise InputError(f"--port: {self.port}; give a number from 1 to 65535")
        if self.token is not None and len(self.token) < 12:
            raise InputError("--token: give at least 12 characters, or leave it out to get one")

    @classmethod
    def checked(
        cls, home: Path, host: str, port: int, token: str | None, threads: int
    ) -> ServeSettings:
        """Return settings; a host that others can reach gets a token."""
        if not is_loopback(host) and token is None:
            token = secrets.token_urlsafe(24)
        return cls(home, host, port, token, threads)

    @property
    def everywhere(self) -> bool:
        """Whether it listens on every address of the machine."""
        return self.host in {"0.0.0.0", "::"}  # noqa: S104

    @property
    def hosts(self) -> frozenset[str]:
        """Values of the ``Host`` header that are meant for this server."""
        named = set(self.names) if self.everywhere else {self.host, *self.names}
        return frozenset(f"{name}:{self.port}" for name in named)

    @property
    def address(self) -> str:
        """Where a browser finds the page."""
        ending = f"/?token={self.token}" if self.token else "/"
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.port}{ending}"


def default_home() -> Path:
    """Return where runs of the workbench are kept: ``RASCADE_SERVE_HOME`` or beside the index."""
    from rascade.results.index import index_file

    chosen = os.environ.get("RASCADE_SERVE_HOME")
    return Path(chosen) if chosen else index_file().parent / "workbench"
