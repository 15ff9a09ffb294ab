"""Chunks of a run: some patients of one arm, simulated on their own and stored as Parquet.

``chunks/chunks.json`` holds what the patients depend on (`rascade.trial.running.inputs`) and the
plan: every chunk with the size and SHA-256 of its files, or none where it has yet to be simulated.
A chunk's files get their names when they are whole and on the disk, and the list names them after
that, so that what the list names is there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade import RESEARCH_USE, __version__
from rascade.errors import ResultsError
from rascade.results.differences import differences
from rascade.results.store import write_bytes, write_json
from rascade.trial.running.spans import Span, numbers_hash
from rascade.trial.running.stores import Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["CHUNKS", "FORMAT", "ChunkStore", "Stored"]

CHUNKS = "chunks"
LIST = "chunks.json"
#: What else is kept there: courses of a prediction, whose names say what they depend on.
KEPT = "courses-*"
#: Raised whenever an older Rascade could not read the folder.
FORMAT = 1
_MEND = "delete the folder {} and simulate again"


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of a chunk.

    Attributes:
        patients: `numbers_hash` of its patients.
        files: file name -> size and digest.
    """

    patients: str
    files: Mapping[str, Mapping[str, Any]]


class ChunkStore(Store[Stored]):
    """The chunks of one run, in a folder of their own.

    Args:
        folder: where they are.
        inputs: what their patients depend on.
        entries: chunk -> what is stored of it; None for a chunk that is only planned.
    """

    def __init__(
        self,
        folder: Path,
        inputs: Mapping[str, Any],
        entries: Mapping[Span, Stored | None],
    ) -> None:
        super().__init__(entries)
        self.folder, self.inputs = folder, inputs

    @classmethod
    def read(cls, folder: Path) -> ChunkStore:
        """Read the list of a folder's chunks.

        Raises:
            ResultsError: there is none, it is damaged, or a newer version of Rascade wrote it.
        """
        path = folder / LIST
        try:
            listed = json.loads(path.read_text("utf-8"))
            version = listed["format"]
            if isinstance(version, int) and version > FORMAT:
                raise ResultsError(
                    f"{path}: written by Rascade {listed.get('rascade_version')} in format "
                    f"{version}; this is {__version__} and reads up to {FORMAT}: update Rascade, "
                    "or name another folder"
                )
            entries = {
                Span(int(c["arm"]), int(c["start"]), int(c["stop"])): None
                if c["files"] is None
                else Stored(str(c["patients"]), dict(c["files"]))
                for c in listed["chunks"]
            }
            return cls(folder, dict(listed["inputs"]), entries)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            reason = f"no {error} in it" if isinstance(error, KeyError) else str(error)
            raise ResultsError(
                f"{path}: damaged or missing ({reason}); {_MEND.format(folder)}"
            ) from None

    def check_inputs(self, present: Mapping[str, Any]) -> None:
        """Refuse to go on where patients would not be those that are stored.

        Raises:
            ResultsError: the inputs differ; the message says in what.
        """
        told = differences(self.inputs, present)
        if not told:
            return
        lines = [*told[:6], *([f"and {len(told) - 6} more"] if len(told) > 6 else [])]
        longer = any(line.startswith("follow_up_months") for line in told)
        note = (
            "\nAnother follow-up needs every patient simulated from the first day: the solver's "
            "last step ends with it, so going on from there would not give what one run gives."
        )
        raise ResultsError(
            f"{self.folder.parent} holds patients of another run:\n  "
            + "\n  ".join(lines)
            + (note if longer else "")
            + "\nName another folder, or give --restart instead of --resume to leave them"
        )

    def add(self, span: Span, patients: NDArray[np.int64], contents: Mapping[str, bytes]) -> None:
        """Store a chunk.

        Args:
            span: which.
            patients: their numbers.
            contents: name of a table -> its Parquet file.

        Raises:
            OutputError: the folder cannot be written, or the disk is full.
        """
        files = {}
        for table, content in sorted(contents.items()):
            name = f"{span.name}.{table}.parquet"
            write_bytes(self.folder / name, content)
            digest = hashlib.sha256(content).hexdigest()
            files[name] = {"bytes": len(content), "sha256": digest}
        self._entries[span] = Stored(numbers_hash(patients), files)
        self._write()

    def load(self, span: Span) -> dict[str, bytes]:
        """Return the files of a stored chunk by the name of their table.

        Raises:
            ResultsError: a file is missing, cut short or altered.
        """
        found = {}
        for name, facts in self._files(span).items():
            content = _verified(self.folder / name, facts)
            found[name.removeprefix(f"{span.name}.").removesuffix(".parquet")] = content
        return found

    def drop_damaged(self) -> list[str]:
        """Take damaged chunks off the list, to be simulated again; say what was wrong."""
        told = []
        for span in self.stored:
            try:
                self.load(span)
            except ResultsError as error:
                told.append(str(error))
                self._entries[span] = None
        return told

    def keep(self, name: str, content: bytes) -> None:
        """Keep a file beside the chunks, in place of an older one."""
        self.folder.mkdir(exist_ok=True)
        for old in self.folder.glob(f"{name.rpartition('-')[0]}-*"):
            old.unlink(missing_ok=True)
        write_bytes(self.folder / name, content)

    def kept(self, name: str) -> bytes | None:
        """Return what was kept; None where it is not there."""
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            return None

    def adopt(self, other: ChunkStore) -> None:
        """Take over the chunks of another folder, without copying them where that can be."""
        self.folder.mkdir(exist_ok=True)
        for span in other.stored:
            for name in other._files(span):
                _link(other.folder / name, self.folder / name)
            self._entries[span] = other._entries[span]
        for path in other.folder.glob(KEPT):
            _link(path, self.folder / path.name)
        self._write()

    def _files(self, span: Span) -> Mapping[str, Mapping[str, Any]]:
        stored = self._entries[span]
        return {} if stored is None else stored.files

    def _write(self) -> None:
        self.folder.mkdir(exist_ok=True)
        chunks = [
            {
                "arm": span.arm,
                "start": span.start,
                "stop": span.stop,
                "patients": None if stored is None else stored.patients,
                "files": None if stored is None else stored.files,
            }
            for span, stored in sorted(self._entries.items(), key=lambda item: item[0])
        ]
        write_json(
            self.folder / LIST,
            {
                "format": FORMAT,
                "rascade_version": __version__,
                "research_use": RESEARCH_USE,
                "inputs": self.inputs,
                "chunks": chunks,
            },
        )


def _verified(path: Path, facts: Mapping[str, Any]) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = "missing" if isinstance(error, FileNotFoundError) else str(error.strerror)
        raise ResultsError(f"{path}: {reason}; --resume simulates its patients again") from None
    if len(content) != facts["bytes"]:
        raise ResultsError(
            f"{path}: cut short or grown, {len(content)} bytes of {facts['bytes']}; --resume "
            "simulates its patients again"
        )
    if hashlib.sha256(content).hexdigest() != facts["sha256"]:
        raise ResultsError(
            f"{path}: altered since it was written, its SHA-256 is not the one in {LIST}; "
            "--resume simulates its patients again. If nobody touched it, test the disk"
        )
    return content


def _link(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except FileNotFoundError:
        return  # `drop_damaged` will say so
    except OSError:
        shutil.copyfile(source, target)
