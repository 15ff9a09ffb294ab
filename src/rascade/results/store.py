"""Where results are kept: one folder a run, there as a whole or not at all.

Results are written into a hidden folder beside the wanted one, flushed, and take its name in the
end. Whatever goes wrong before that, an error, Ctrl-C or a full disk, removes the hidden folder
and leaves the previous results as they were. What a killed process left behind is removed by the
next run. Only a folder that Rascade wrote is ever replaced.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import math
import os
import re
import secrets
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.errors import OutputError, ResultsError
from rascade.files import as_output_error, new_file, write_bytes, write_text
from rascade.results.lock import process_alive

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "APART",
    "MANIFEST",
    "UNFINISHED",
    "as_output_error",
    "check_output",
    "file_hashes",
    "finish_results",
    "flush_folder",
    "foreign_files",
    "json_text",
    "make_parents",
    "new_results",
    "plain_json",
    "publish",
    "remove_empty",
    "renew_digests",
    "result_files",
    "target_folder",
    "write_bytes",
    "write_json",
    "write_rows",
    "write_table",
    "write_text",
]

MANIFEST = "manifest.json"
#: Folders and files of a run that are no results, and so not in its manifest.
APART = ("chunks", "runs.jsonl")
#: Folder within the wanted one in which a run that can be resumed is at work.
UNFINISHED = "unfinished"


@contextlib.contextmanager
def new_results(out: str | Path) -> Iterator[Path]:
    """Yield a folder to write into; it becomes `out` when the block ends without an error.

    Args:
        out: the wanted folder; missing parents are made.

    Raises:
        OutputError: `out` cannot be written or holds what Rascade did not write.
    """
    target = target_folder(out)
    made = check_output(target)
    partial = _beside(target, "partial")
    published = False
    try:
        with as_output_error(target):
            partial.mkdir(mode=0o777)
        yield partial
        with as_output_error(target):
            flush_folder(partial)
            publish(partial, target)
        published = True
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if not published:
            remove_empty(made)


def check_output(out: str | Path, *, unfinished: bool = False) -> list[Path]:
    """Make sure that results can be put at `out`, making its parents.

    Leftovers of killed runs are removed, and previous results that a killed run had moved away
    are put back.

    Args:
        out: the wanted folder.
        unfinished: whether a run that was not finished may be there, to go on with.

    Returns:
        The parents that were made, deepest first.

    Raises:
        OutputError: why it cannot be, and what to do.
    """
    target = target_folder(out)
    with as_output_error(target):
        made = make_parents(target)
        _recover(target)
        if target.is_dir():
            _refuse_foreign(target, unfinished=unfinished)
        elif target.exists() or target.is_symlink():
            raise OutputError(f"{target} is a file; --out must name a folder")
        # A probe is the only honest test: permissions, read-only disks and quotas all count.
        probe = _beside(target, "probe")
        probe.mkdir()
        probe.rmdir()
    return made


def target_folder(out: str | Path) -> Path:
    """Return the absolute path; a link to a folder stands for the folder that it names."""
    path = Path(out)
    with as_output_error(path):
        return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def _refuse_used_folders(target: Path) -> None:
    here = Path.cwd()
    if target == here or target in here.parents:
        raise OutputError(
            f"{target} is the folder you are in, or above it; name a folder below it: --out results"
        )
    if target.is_mount():
        raise OutputError(f"{target} is a mount point; name a folder in it: --out {target}/results")


def make_parents(target: Path) -> list[Path]:
    """Make the folders above `target` and return those that were made, deepest first.

    Raises:
        OutputError: `target` is in use as the present folder or a mount, or there is a file above.
    """
    _refuse_used_folders(target)
    missing, parent = [], target.parent
    while not parent.is_dir():
        if parent.exists() or parent.is_symlink():
            raise OutputError(f"{parent} is a file, so no folder can be below it")
        missing.append(parent)
        parent = parent.parent
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
    return missing  # as they were found: from the deepest up


def remove_empty(folders: Sequence[Path]) -> None:
    """Remove those folders that are empty."""
    for folder in folders:
        # Someone else may have put something there in the meantime.
        with contextlib.suppress(OSError):
            folder.rmdir()


def _refuse_foreign(target: Path, *, unfinished: bool) -> None:
    if (target / UNFINISHED).exists() and not unfinished:
        raise ResultsError(
            f"{target} holds a trial that was not finished; go on with it by 'rascade trial "
            f"STUDY.yaml --out {target} --resume', remove it with 'rascade studies rm {target}', "
            "or name another folder"
        )
    foreign = foreign_files(target)
    if foreign:
        raise OutputError(
            f"{target} holds {foreign[0]!r}, which Rascade did not write; "
            "name another folder, or move it away"
        )


def foreign_files(folder: Path) -> list[str]:
    """Return the files and folders of a results folder that Rascade did not write, in order."""
    written = _written_files(folder)
    ours = {name.partition("/")[0] for name in written}
    foreign = []
    for entry in folder.iterdir():
        known = entry.name in ours or (bool(written) and entry.name in APART)
        if entry.name == UNFINISHED:
            known = entry.is_dir() and _of_a_run(entry)
        if not known:
            foreign.append(entry.name)
        elif entry.is_dir() and entry.name not in (UNFINISHED, *APART):
            foreign += [n for n in result_files(entry, f"{entry.name}/") if n not in written]
        elif entry.name == "chunks":
            foreign += [f"chunks/{n.name}" for n in entry.iterdir() if not _of_chunks(n)]
    return sorted(foreign)


def _of_a_run(unfinished: Path) -> bool:
    names = {entry.name for entry in unfinished.iterdir() if not entry.name.startswith(".")}
    return not names or bool(names & {"study.yaml", *APART})


def _of_chunks(path: Path) -> bool:
    return path.is_file() and path.suffix in {".parquet", ".json", ".npz", ".partial"}


def _written_files(folder: Path) -> set[str]:
    """Return the files that the manifest of a results folder lists, itself included."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        return {MANIFEST, *manifest["files"]} if "rascade_version" in manifest else set()
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _beside(target: Path, role: str) -> Path:
    """Return a hidden name beside `target` that tells whose it is."""
    host = re.sub(r"[^A-Za-z0-9]", "_", socket.gethostname())
    name = f".{target.name}.{role}-{host}-{os.getpid()}-{secrets.token_hex(4)}"
    return target.with_name(name)


def _recover(target: Path) -> None:
    """Clear away what killed runs left beside `target`."""
    pattern = re.compile(
        rf"\.{re.escape(target.name)}\.(partial|probe|previous)-(\w+)-(\d+)-[0-9a-f]{{8}}"
    )
    host = re.sub(r"[^A-Za-z0-9]", "_", socket.gethostname())
    for entry in target.parent.iterdir():
        match = pattern.fullmatch(entry.name)
        if match is None or match.group(2) != host or process_alive(int(match.group(3))):
            continue
        if match.group(1) == "previous" and not target.exists():
            # Killed between the two renames of `publish`: the old results go back.
            entry.rename(target)
        else:
            shutil.rmtree(entry, ignore_errors=True)


def publish(partial: Path, target: Path) -> None:
    """Give the new folder its name; the old one, if any, is moved away first and then removed.

    The new folder may lie within the old one.
    """
    if not target.exists():
        partial.rename(target)
        flush_folder(target.parent, files=False)
        return
    previous = _beside(target, "previous")
    inside = target in partial.parents
    target.rename(previous)
    try:
        (previous / partial.relative_to(target) if inside else partial).rename(target)
    except BaseException:
        previous.rename(target)
        raise
    flush_folder(target.parent, files=False)
    shutil.rmtree(previous, ignore_errors=True)


def flush_folder(folder: Path, *, files: bool = True) -> None:
    """Flush a folder, and the files in it and below, to the disk."""
    if os.name == "nt":  # folders cannot be opened there
        return
    for path in [*(folder.rglob("*") if files else ()), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def plain_json(value: Any) -> Any:
    """Return a value as JSON has it: NumPy scalars unpacked, what is not finite as null."""
    if isinstance(value, Mapping):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_json(item) for item in value]
    if hasattr(value, "tolist"):
        return plain_json(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def json_text(value: Any, *, indent: int = 2) -> str:
    """Return a value as JSON text that ends in a line feed; equal values give equal bytes."""
    return json.dumps(plain_json(value), indent=indent, ensure_ascii=False) + "\n"


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON, whole or not at all; see `plain_json` for what is not JSON by itself.

    Raises:
        OutputError: the place cannot be written.
    """
    write_text(path, json_text(value))


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of one kind as CSV, whole or not at all; None is an empty cell.

    Raises:
        OutputError: the place cannot be written.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as Parquet, whole or not at all; equal tables give equal bytes.

    The index is left out, and so is the pandas part of the metadata, which names versions.

    Raises:
        OutputError: the place cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    # Through a file of Python's: Arrow cannot open names that the locale has no letters for.
    with as_output_error(path), new_file(path) as temporary, temporary.open("wb") as file:
        pq.write_table(data, file, compression="zstd", version="2.6", store_schema=False)


def result_files(folder: Path, above: str = "") -> Iterator[str]:
    """Yield the names of a folder's files and of those below, with ``/``; none that are `APART`."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or (not above and path.name in (UNFINISHED, *APART)):
            continue
        if path.is_dir():
            yield from result_files(path, f"{above}{path.name}/")
        else:
            yield above + path.name


def file_hashes(folder: Path) -> dict[str, dict[str, Any]]:
    """Return size and SHA-256 of every file in and below a folder but the manifest, by name."""
    hashes: dict[str, dict[str, Any]] = {}
    for name in result_files(folder):
        if name != MANIFEST:
            path = folder / name
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            hashes[name] = {"bytes": path.stat().st_size, "sha256": digest}
    return hashes


def renew_digests(folder: Path, written: Sequence[Path]) -> None:
    """Put size and SHA-256 of files that were written anew into the manifest of their folder.

    Args:
        folder: of results, with a manifest.
        written: files; those that lie elsewhere are left out.

    Raises:
        OutputError: the manifest cannot be written.
    """
    place = folder.resolve()
    inside = [path.resolve() for path in written if path.resolve().is_relative_to(place)]
    if not inside:
        return
    manifest = json.loads((place / MANIFEST).read_text("utf-8"))
    files = manifest.get("files")
    if not isinstance(files, dict):  # results of an early version: nothing is checked there
        return
    for path in inside:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        name = path.relative_to(place).as_posix()
        files[name] = {"bytes": path.stat().st_size, "sha256": digest}
    manifest["files"] = dict(sorted(files.items()))
    write_json(place / MANIFEST, manifest)


def finish_results(
    folder: Path, manifest: dict[str, Any], finish: Callable[[Path], object] | None = None
) -> None:
    """Write the manifest, let the page be added, and put the hashes of all files into the manifest.

    Args:
        folder: where the results are.
        manifest: gets the entry ``files``.
        finish: called with the folder, in which it finds the manifest.

    Raises:
        OutputError: the place cannot be written.
    """
    manifest["files"] = file_hashes(folder)
    write_json(folder / MANIFEST, manifest)
    if finish is not None:
        finish(folder)
        manifest["files"] = file_hashes(folder)
        write_json(folder / MANIFEST, manifest)
