"""A results folder that takes long to fill, and survives whatever ends the run before its time.

The run works in ``OUT/unfinished``; results that are in ``OUT`` already stay what they are. When
all is there, ``OUT/unfinished`` takes the place of ``OUT``. Before that, it is kept as soon as it
holds something worth keeping, and the next run with ``--resume`` goes on from there.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rascade.errors import OutputError, ResultsError
from rascade.results.chunks import CHUNKS
from rascade.results.lock import folder_lock
from rascade.results.store import (
    APART,
    UNFINISHED,
    as_output_error,
    check_output,
    flush_folder,
    make_parents,
    publish,
    remove_empty,
    target_folder,
)

__all__ = ["Start", "Work", "unfinished_results"]

#: ``new`` refuses a folder with an unfinished run, ``resume`` goes on with what a folder holds,
#: ``restart`` throws an unfinished run away.
Start = Literal["new", "resume", "restart"]


@dataclass
class Work:
    """A run at work.

    Attributes:
        folder: to write into.
        earlier: folder with earlier results, from which to go on; None where there are none.
        keep: whether the folder is kept if the run ends before its time, whatever is in it.
        chunks: returns how many chunks are stored and how many there will be; a folder with any is
            kept. None where nothing is worth keeping.
    """

    folder: Path
    earlier: Path | None
    keep: bool = False
    chunks: Callable[[], tuple[int, int]] | None = None

    @property
    def kept(self) -> str:
        """What is kept, in words; empty where nothing is."""
        stored, planned = self.chunks() if self.chunks is not None else (0, 0)
        if stored:
            return f"{stored} of {planned} chunks {'is' if stored == 1 else 'are'}"
        return "what was done is" if self.keep else ""


@contextlib.contextmanager
def unfinished_results(out: str | Path, start: Start = "new") -> Iterator[Work]:
    """Yield a place to work in, under lock; it becomes `out` when the block ends without an error.

    Args:
        out: the wanted folder.
        start: what to do with an unfinished run.

    Raises:
        OutputError: `out` cannot be written or holds what Rascade did not write.
        ResultsError: another process is writing it, or it holds an unfinished run.
    """
    target = target_folder(out)
    with as_output_error(target):
        made = make_parents(target)
    there = target.is_dir()
    try:
        with folder_lock(target):
            check_output(target, unfinished=True)
            there = there or target.is_dir()  # earlier results may have come back to their place
            with _work_folder(target, out, start) as work:
                yield work
                with as_output_error(target):
                    flush_folder(work.folder)
                    publish(work.folder, target)
                made, there = [], True
    finally:
        remove_empty([*([] if there else [target]), *made])


@contextlib.contextmanager
def _work_folder(target: Path, out: str | Path, start: Start) -> Iterator[Work]:
    folder = target / UNFINISHED
    _settle(folder, out, start)
    earlier = target if start == "resume" and (target / CHUNKS).is_dir() else None
    work = Work(folder, earlier, keep=folder.is_dir())
    with as_output_error(target):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        yield work
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_resume(work, out)) from None
    except OutputError as error:
        more = _resume(work, out)
        raise OutputError(f"{error}; {more}" if more else str(error)) from error
    finally:
        if not work.kept:
            shutil.rmtree(folder, ignore_errors=True)


def _resume(work: Work, out: str | Path) -> str:
    return f"{work.kept} kept in {out}; go on with --resume" if work.kept else ""


def _settle(folder: Path, out: str | Path, start: Start) -> None:
    """Decide about an unfinished run."""
    if not folder.is_dir():
        return
    if start == "restart" or not any(folder.iterdir()):
        shutil.rmtree(folder, ignore_errors=True)
        return
    if start == "new":
        raise ResultsError(
            f"{out} holds a trial that was not finished; give --resume to go on with it, or "
            "--restart to leave what it had done"
        )
    for entry in folder.iterdir():
        # Of results that were being written only the chunks and the log count.
        if entry.name not in (*APART, "study.yaml"):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
