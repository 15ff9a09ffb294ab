"""Where results are kept: one folder a run, there as a whole or not at all.

Results are written into a hidden folder beside the wanted one, flushed, and take its name in the
end. Whatever goes wrong before that, an error, Ctrl-C or a full disk, removes the hidden folder
and leaves the previous results as they were. What a killed process left behind is removed by the
next run. Only a folder that Rascade wrote is ever replaced.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import re
import secrets
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.errors import OutputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "MANIFEST",
    "check_output",
    "file_hashes",
    "new_results",
    "plain_json",
    "write_json",
    "write_table",
    "write_text",
]

MANIFEST = "manifest.json"


@contextlib.contextmanager
def new_results(out: str | Path) -> Iterator[Path]:
    """Yield a folder to write into; it becomes `out` when the block ends without an error.

    Args:
        out: the wanted folder; missing parents are made.

    Raises:
        OutputError: `out` cannot be written or holds what Rascade did not write.
    """
    target = _target(out)
    made = check_output(target)
    partial = _beside(target, "partial")
    published = False
    try:
        with _as_output_error(target):
            partial.mkdir(mode=0o777)
        yield partial
        with _as_output_error(target):
            _flush_folder(partial)
            _publish(partial, target)
        published = True
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if not published:
            _remove_empty(made)


def check_output(out: str | Path) -> list[Path]:
    """Make sure that results can be put at `out`, making its parents.

    Leftovers of killed runs are removed, and previous results that a killed run had moved away
    are put back.

    Returns:
        The parents that were made, deepest first.

    Raises:
        OutputError: why it cannot be, and what to do.
    """
    target = _target(out)
    with _as_output_error(target):
        _refuse_used_folders(target)
        made = _make_parents(target.parent)
        _recover(target)
        if target.is_dir():
            _refuse_foreign(target)
        elif target.exists() or target.is_symlink():
            raise OutputError(f"{target} is a file; --out must name a folder")
        # A probe is the only honest test: permissions, read-only disks and quotas all count.
        probe = _beside(target, "probe")
        probe.mkdir()
        probe.rmdir()
    return made


def _target(out: str | Path) -> Path:
    """Return the absolute path; a link to a folder stands for the folder that it names."""
    path = Path(out)
    with _as_output_error(path):
        return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def _refuse_used_folders(target: Path) -> None:
    here = Path.cwd()
    if target == here or target in here.parents:
        raise OutputError(
            f"{target} is the folder you are in, or above it; name a folder below it: --out results"
        )
    if target.is_mount():
        raise OutputError(f"{target} is a mount point; name a folder in it: --out {target}/results")


def _make_parents(parent: Path) -> list[Path]:
    missing = []
    while not parent.is_dir():
        if parent.exists() or parent.is_symlink():
            raise OutputError(f"{parent} is a file, so no folder can be below it")
        missing.append(parent)
        parent = parent.parent
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
    return missing


def _remove_empty(folders: Sequence[Path]) -> None:
    for folder in folders:
        # Someone else may have put something there in the meantime.
        with contextlib.suppress(OSError):
            folder.rmdir()


def _refuse_foreign(target: Path) -> None:
    names = {entry.name for entry in target.iterdir()}
    if not names:
        return
    foreign = sorted(names - _written_files(target))
    if foreign:
        raise OutputError(
            f"{target} holds {foreign[0]!r}, which Rascade did not write; "
            "name another folder, or move it away"
        )


def _written_files(folder: Path) -> set[str]:
    """Return files and folders that the manifest of a results folder lists, itself included."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        names = {Path(name).parts[0] for name in manifest["files"]}
        return {MANIFEST, *names} if "rascade_version" in manifest else set()
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
        if match is None or match.group(2) != host or _alive(int(match.group(3))):
            continue
        if match.group(1) == "previous" and not target.exists():
            # Killed between the two renames of `_publish`: the old results go back.
            entry.rename(target)
        else:
            shutil.rmtree(entry, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _publish(partial: Path, target: Path) -> None:
    """Give the new folder its name; the old one, if any, is moved away first and then removed."""
    if not target.exists():
        partial.rename(target)
        _flush_folder(target.parent, files=False)
        return
    previous = _beside(target, "previous")
    target.rename(previous)
    try:
        partial.rename(target)
    except BaseException:
        previous.rename(target)
        raise
    _flush_folder(target.parent, files=False)
    shutil.rmtree(previous, ignore_errors=True)


def _flush_folder(folder: Path, *, files: bool = True) -> None:
    """Flush a folder, and the files in it, to the disk."""
    if os.name == "nt":  # folders cannot be opened there
        return
    for path in [*(folder.iterdir() if files else ()), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _as_output_error(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{target} cannot be written: {reason}; name another folder") from error


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all.

    Raises:
        OutputError: the place cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with _as_output_error(path):
        try:
            temporary.write_text(text, encoding="utf-8", newline="\n")
            _flush_file(temporary)
            temporary.replace(path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _flush_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


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


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON, whole or not at all; see `plain_json` for what is not JSON by itself.

    Raises:
        OutputError: the place cannot be written.
    """
    write_text(path, json.dumps(plain_json(value), indent=2, ensure_ascii=False) + "\n")


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as Parquet, whole or not at all; equal tables give equal bytes.

    The index is left out, and so is the pandas part of the metadata, which names versions.

    Raises:
        OutputError: the place cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    data = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    with _as_output_error(path):
        try:
            pq.write_table(data, temporary, compression="zstd", version="2.6", store_schema=False)
            _flush_file(temporary)
            temporary.replace(path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def file_hashes(folder: Path) -> dict[str, dict[str, Any]]:
    """Return size and SHA-256 of every file in and below a folder but the manifest, by name."""
    hashes: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST and not path.name.startswith("."):
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            name = path.relative_to(folder).as_posix()
            hashes[name] = {"bytes": path.stat().st_size, "sha256": digest}
    return hashes
