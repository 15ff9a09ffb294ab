"""Results folders looked at from outside: what a run is, whether it is sound, how it is removed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rascade.errors import OutputError, ResultsError
from rascade.results.chunks import CHUNKS, FORMAT, ChunkStore
from rascade.results.lock import folder_lock, lock_holder
from rascade.results.manifest import LOG
from rascade.results.store import MANIFEST, UNFINISHED, foreign_files, result_files, target_folder

__all__ = ["Run", "being_written", "damages", "find_runs", "read_json", "read_run", "remove_run"]

MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Run:
    """What a results folder says of itself.

    Attributes:
        folder: where it is.
        kind: kind of study, or verb.
        name: of the study.
        state: ``finished``, ``unfinished`` (with its chunks), or both.
        arms: names of the arms of a trial.
        patients: of a trial, over all arms; None where there are none.
        seed: None where there is none.
        model_hash: of the assembled model, empty where there is none.
        ended: when the last run of it ended, UTC; empty where not known.
    """

    folder: Path
    kind: str
    name: str
    state: str
    arms: tuple[str, ...] = ()
    patients: int | None = None
    seed: int | None = None
    model_hash: str = ""
    ended: str = ""


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON file of a results folder.

    Raises:
        ResultsError: it is missing, damaged, or a newer version of Rascade wrote it.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else f"damaged ({error})"
        raise ResultsError(f"{path}: {reason}; run the study again to write it anew") from None
    if not isinstance(found, dict):
        raise ResultsError(f"{path}: damaged; run the study again to write it anew")
    version = found.get("format", 1)
    if isinstance(version, int) and version > FORMAT:
        raise ResultsError(
            f"{path}: written by Rascade {found.get('rascade_version')} in format {version}; this "
            f"one reads up to {FORMAT}: update Rascade"
        )
    return found


def read_run(folder: str | Path) -> Run:
    """Return what a results folder says of itself.

    Raises:
        ResultsError: it is no results folder of Rascade, damaged, or of a newer version.
    """
    place = target_folder(folder)
    work = place / UNFINISHED
    if not place.is_dir():
        raise ResultsError(f"{folder}: no such folder")
    if (place / MANIFEST).is_file():
        manifest = read_json(place / MANIFEST)
        if "rascade_version" not in manifest:
            raise ResultsError(f"{folder}: its {MANIFEST} is not one of Rascade")
        return _run(place, manifest, "finished", _ended(place) or manifest.get("finished", ""))
    if work.is_dir():
        return _run(place, _unfinished(work), "unfinished", _ended(work))
    raise ResultsError(f"{folder}: no results folder of Rascade: there is no {MANIFEST} in it")


def _run(place: Path, facts: Mapping[str, Any], state: str, ended: str) -> Run:
    work = place / UNFINISHED
    if work.is_dir():
        more = f"unfinished{_progress(work)}"
        state = more if state == "unfinished" else f"{state}, {more}"
    arms = [arm for arm in facts.get("arms") or [] if isinstance(arm, Mapping)]
    sizes = [arm.get("size") for arm in arms]
    counted = bool(sizes) and all(isinstance(size, int) for size in sizes)
    return Run(
        place,
        str(facts.get("kind", "")),
        str(facts.get("study") or facts.get("regimen") or ""),
        state,
        tuple(str(arm.get("name", "")) for arm in arms),
        sum(size for size in sizes if size is not None) if counted else None,
        facts.get("seed"),
        str(facts.get("model_hash", "")),
        ended,
    )


def _unfinished(work: Path) -> dict[str, Any]:
    """Return what a manifest would say of a run that has none yet."""
    import yaml

    try:
        study = yaml.safe_load((work / "study.yaml").read_text("utf-8"))
        size = study["cohort"]["size"]
        arms = [{"name": a["name"], "size": a.get("size") or size} for a in study["arms"]]
        return {
            "kind": study["kind"], "study": study["name"], "seed": study["seed"], "arms": arms,
        }  # fmt: skip
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return {"kind": "trial", "study": "(its study.yaml was not written)"}


def _progress(work: Path) -> str:
    try:
        store = ChunkStore.read(work / CHUNKS)
    except ResultsError:
        return ""
    return f" ({len(store.stored)} of {len(store.planned)} chunks)"


def _ended(folder: Path) -> str:
    """Return when the last run in a folder's log ended."""
    try:
        lines = (folder / LOG).read_text("utf-8").splitlines()
        return str(json.loads(lines[-1])["ended"])
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return ""


def damages(folder: str | Path) -> list[str]:
    """Say what is wrong with the files of a results folder; nothing where all is sound."""
    place = target_folder(folder)
    told = []
    if (place / MANIFEST).is_file():
        facts = read_json(place / MANIFEST).get("files", {})
        told += [text for name in facts if (text := _damage(place / name, facts[name]))]
    for chunks in (place / CHUNKS, place / UNFINISHED / CHUNKS):
        if chunks.is_dir():
            told += _damaged_chunks(chunks)
    return told


def _damage(path: Path, facts: Mapping[str, Any]) -> str:
    chunks = (path.parent / CHUNKS).is_dir()
    mend = "--resume writes it anew from the chunks" if chunks else "run the study again"
    if not path.is_file():
        return f"{path}: missing; {mend}"
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest == facts.get("sha256"):
        return ""
    return f"{path}: altered since it was written, its SHA-256 is not that of the manifest; {mend}"


def _damaged_chunks(folder: Path) -> list[str]:
    try:
        return ChunkStore.read(folder).drop_damaged()
    except ResultsError as error:
        return [str(error)]


def find_runs(root: str | Path) -> Iterator[Path]:
    """Yield the results folders below a folder, itself included, in order of their names."""
    top = Path(root).resolve()
    if not top.is_dir():
        raise ResultsError(f"{root}: no such folder")
    for place, folders, files in os.walk(top):
        path = Path(place)
        if MANIFEST in files or UNFINISHED in folders:
            yield path
            folders.clear()
            continue
        deep = len(path.relative_to(top).parts) >= MAX_DEPTH
        folders[:] = [] if deep else sorted(f for f in folders if not f.startswith("."))


def remove_run(folder: str | Path) -> int:
    """Remove a results folder and return how many files it had.

    Raises:
        ResultsError: it is no results folder of Rascade, or is being written.
        OutputError: it holds what Rascade did not write, or cannot be removed.
    """
    place = target_folder(folder)
    read_run(place)
    with folder_lock(place):
        foreign = foreign_files(place)
        if foreign:
            raise OutputError(
                f"{folder} holds {foreign[0]!r}, which Rascade did not write; move it away first"
            )
        files = len(list(result_files(place))) + len(list((place / CHUNKS).glob("*")))
        try:
            shutil.rmtree(place)
        except OSError as error:
            raise OutputError(f"{folder} cannot be removed: {error.strerror or error}") from error
    return files


def being_written(folder: str | Path) -> str | None:
    """Say who is writing a results folder; None where nobody is."""
    return lock_holder(target_folder(folder))
