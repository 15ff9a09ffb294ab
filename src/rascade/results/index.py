"""An index of runs, so that they are found again: an aid, never the only truth.

It is one SQLite file of the user, ``RASCADE_INDEX`` or the platform's usual place. What it says of
a folder is read from the folder, and read anew when the folder has changed; folders that are gone
are forgotten. Without the file, or with a damaged one, a new index is made by looking at folders.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from dataclasses import astuple, fields
from pathlib import Path

from rascade.errors import ResultsError
from rascade.results.folders import Run, find_runs, read_run
from rascade.results.manifest import LOG
from rascade.results.store import MANIFEST, UNFINISHED, new_results

__all__ = ["forget", "index_file", "known_runs", "noted_results", "remember", "scan"]

_VERSION = 1
_COLUMNS = [field.name for field in fields(Run)]
_TABLE = f"CREATE TABLE runs (stamp TEXT, {', '.join(_COLUMNS)}, PRIMARY KEY (folder))"
_WAIT_SECONDS = 5.0


def index_file() -> Path:
    """Return where the index is; it need not exist."""
    chosen = os.environ.get("RASCADE_INDEX")
    if chosen:
        return Path(chosen)
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return base / "rascade" / "runs.sqlite"


@contextlib.contextmanager
def _index() -> Iterator[sqlite3.Connection]:
    """Yield the index, made anew if it is missing, damaged, or of another version."""
    path = index_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = _open(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise  # in use or not readable: no reason to throw it away
        path.unlink()
        connection = _open(path)
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_WAIT_SECONDS)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != _VERSION:
            with connection:
                connection.execute("DROP TABLE IF EXISTS runs")
                connection.execute(_TABLE)
                connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute("SELECT count(*) FROM runs").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def remember(folder: str | Path) -> None:
    """Note a results folder, or forget one that is none. A run never fails for its index."""
    with contextlib.suppress(OSError, RuntimeError, sqlite3.Error), _index() as index:
        _refresh(index, Path(folder).resolve())


@contextlib.contextmanager
def noted_results(out: str | Path) -> Iterator[Path]:
    """Yield a folder to fill as `new_results` does, and note it once it is whole.

    Raises:
        OutputError: `out` cannot be written or holds what Rascade did not write.
    """
    with new_results(out) as folder:
        yield folder
    remember(out)


def forget(folder: str | Path) -> None:
    """Take a folder off the index."""
    with contextlib.suppress(OSError, RuntimeError, sqlite3.Error), _index() as index:
        index.execute("DELETE FROM runs WHERE folder = ?", (_text(Path(folder).resolve()),))


def scan(root: str | Path) -> int:
    """Note every results folder below a folder and return how many there are.

    Raises:
        ResultsError: there is no such folder, or the index cannot be written.
    """
    found = list(find_runs(root))
    with _as_results_error(), _index() as index:
        for folder in found:
            _refresh(index, folder)
    return len(found)


def known_runs(words: Sequence[str] = (), *, kind: str | None = None) -> list[Run]:
    """Return the runs that the index knows, the latest first, after a look at their folders.

    Args:
        words: each must occur in the name, an arm, the state or the folder; case does not matter.
        kind: kind of study.

    Raises:
        ResultsError: the index cannot be read.
    """
    with _as_results_error(), _index() as index:
        for (folder,) in index.execute("SELECT folder FROM runs").fetchall():
            _refresh(index, _path(folder))
        text = "name || ' ' || arms || ' ' || state || ' ' || folder || ' ' || model_hash"
        where = " AND ".join(
            [*(f"instr(lower({text}), ?)" for _ in words), *(["kind = ?"] if kind else [])]
        )
        rows = index.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM runs WHERE {where or '1'} "  # noqa: S608
            "ORDER BY ended DESC, folder",
            [*(_text(word).lower() for word in words), *([kind] if kind else [])],
        ).fetchall()
    return [_from_row(row) for row in rows]


@contextlib.contextmanager
def _as_results_error() -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, sqlite3.Error) as error:
        raise ResultsError(
            f"the index of runs {index_file()} cannot be used: {error}; set RASCADE_INDEX to "
            "another file"
        ) from error


def _refresh(index: sqlite3.Connection, folder: Path) -> None:
    """Bring one folder's entry up to date; a folder that is no run has none."""
    stamp = _stamp(folder)
    row = index.execute("SELECT stamp FROM runs WHERE folder = ?", (_text(folder),)).fetchone()
    if row is not None and row[0] == stamp:
        return
    index.execute("DELETE FROM runs WHERE folder = ?", (_text(folder),))
    with contextlib.suppress(ResultsError):
        values = _to_row(read_run(folder))
        marks = ", ".join("?" * (len(values) + 1))
        index.execute(f"INSERT INTO runs VALUES ({marks})", (stamp, *values))  # noqa: S608


def _text(name: str | Path) -> str:
    """Return a name as the index has it, whatever the locale makes of names that are not ASCII."""
    return os.fsencode(name).decode("utf-8", "replace")


def _path(text: str) -> Path:
    return Path(os.fsdecode(text.encode()))


def _stamp(folder: Path) -> str:
    """Return what changes when a run does."""
    parts = []
    for name in (MANIFEST, LOG, f"{UNFINISHED}/chunks/chunks.json"):
        try:
            status = (folder / name).stat()
            parts.append(f"{status.st_mtime_ns}/{status.st_size}")
        except OSError:
            parts.append("-")
    return " ".join(parts)


def _to_row(run: Run) -> tuple[object, ...]:
    values = dict(zip(_COLUMNS, astuple(run), strict=True))
    values |= {"folder": _text(run.folder), "arms": json.dumps(run.arms, ensure_ascii=False)}
    return tuple(values[name] for name in _COLUMNS)


def _from_row(row: Sequence[object]) -> Run:
    values = dict(zip(_COLUMNS, row, strict=True))
    values["folder"] = _path(str(values["folder"]))
    values["arms"] = tuple(json.loads(str(values["arms"])))
    return Run(**values)  # type: ignore[arg-type]
