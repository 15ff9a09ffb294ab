"""What made a result: hashes, versions, seed, command, times."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rascade import RESEARCH_USE, __version__
from rascade.versions import package_versions

__all__ = ["LOG", "add_to_log", "base_manifest", "command_line", "now"]

LOG = "runs.jsonl"


def now() -> str:
    """Return the time in UTC as ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def command_line(arguments: Sequence[str] | None = None) -> list[str]:
    """Return the command as typed, the program by its name only."""
    given = list(sys.argv if arguments is None else arguments)
    # A locale without their letters leaves the words in pieces that no file can hold.
    given = [os.fsencode(word).decode("utf-8", "replace") for word in given]
    return [given[0].replace("\\", "/").rsplit("/", maxsplit=1)[-1], *given[1:]] if given else []


def base_manifest(kind: str, started: str | None, **entries: Any) -> dict[str, Any]:
    """Return what every manifest starts with.

    Args:
        kind: kind of study, or verb.
        started: `now` at the start of the work; None leaves command and times to the log of the
            run, so that the same study gives the same bytes however it came about.
        entries: what is added, in order.
    """
    times = {"command": command_line(), "started": started, "finished": now()}
    return {
        "rascade_version": __version__,
        "research_use": RESEARCH_USE,
        "kind": kind,
        **entries,
        **(times if started is not None else {}),
        "versions": package_versions(),
        "platform": f"{platform.system()} {platform.machine()}",
    }


def add_to_log(folder: Path, **entries: Any) -> None:
    """Add a line to ``runs.jsonl``: how and when results came about, which is no result.

    Raises:
        OSError: the folder cannot be written.
    """
    line = json.dumps({"command": command_line(), **entries}, ensure_ascii=False)
    with (folder / LOG).open("a", encoding="utf-8", newline="\n") as log:
        log.write(line + "\n")


def add_new(manifest: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Add entries; one that is there already is kept, so provenance cannot hide a fact."""
    for name, value in more.items():
        manifest.setdefault(name, value)
