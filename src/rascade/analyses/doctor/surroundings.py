"""What a run stands on: versions, processor, cache, index of runs, population, what is set."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from rascade.analyses.doctor.records import BROKEN, GOOD, UNSURE, Finding
from rascade.errors import RascadeError
from rascade.progress import default_threads
from rascade.versions import package_versions

__all__ = ["look_around"]

_MEBIBYTE = 2**20
#: Smaller than what the object code of a few models takes.
_LEAST_FREE = 200 * _MEBIBYTE
#: Groups of entry points by which other packages add to Rascade.
_PLUG_INS = ("rascade.end_points", "rascade.figures", "rascade.analyses", "rascade.executors")


def look_around() -> list[Finding]:
    """Return what the surroundings of this process are like; nothing is simulated."""
    return [
        *_versions(),
        _processor(),
        _folder("cache", _cache_folder(), "RASCADE_CACHE_DIR", "every run compiles its model anew"),
        _folder("index of runs", _index_folder(), "RASCADE_INDEX", "runs are not found again"),
        _population(),
        *_plug_ins(),
        _settings(),
    ]


def _versions() -> Iterator[Finding]:
    found = package_versions()
    python = f"Python {found.pop('python')}, {platform.python_implementation()}"
    yield Finding("rascade", GOOD, f"{found.pop('rascade')}, {python}, {platform.platform()}")
    missing = [name for name, version in found.items() if version == "not installed"]
    listed = ", ".join(f"{name} {version}" for name, version in found.items())
    if missing:
        mend = f"install again: pip install --force-reinstall rascade (or {' '.join(missing)})"
        yield Finding("packages", BROKEN, f"missing: {', '.join(missing)}", mend)
    else:
        yield Finding("packages", GOOD, listed)


def _processor() -> Finding:
    usable, there = default_threads(), os.cpu_count() or 1
    of = f" of {there}" if usable != there else ""
    return Finding(
        "processor", GOOD, f"{platform.machine()}, {usable}{of} processor{'s'[: there - 1]} to use"
    )


def _cache_folder() -> Path:
    from rascade.engine.kernel.cache import cache_folder

    return cache_folder()


def _index_folder() -> Path:
    from rascade.results.index import index_file

    return index_file().parent


def _folder(part: str, folder: Path, variable: str, otherwise: str) -> Finding:
    """Look whether a folder can be written, how full it is, and how much room there is."""
    mend = f"make it writable for you alone, or set {variable} to another place"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
        files = [entry.stat().st_size for entry in os.scandir(folder) if entry.is_file()]
    except OSError as error:
        reason = error.strerror or str(error)
        return Finding(part, UNSURE, f"{folder}: {reason}; {otherwise}", mend)
    if hasattr(os, "getuid"):
        status = folder.stat()
        if part == "cache" and (status.st_uid != os.getuid() or status.st_mode & 0o022):
            return Finding(part, UNSURE, f"{folder}: others may write there; {otherwise}", mend)
    found = f"{folder}, {len(files)} files, {sum(files) / _MEBIBYTE:.0f} MiB"
    free = _free(folder)
    if free is not None and free < _LEAST_FREE:
        text = f"{found}; {free // _MEBIBYTE} MiB of the disk are free"
        return Finding(part, UNSURE, text, f"make room, or set {variable} to another disk")
    return Finding(part, GOOD, found)


def _free(folder: Path) -> int | None:
    import shutil

    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _population() -> Finding:
    from rascade.patients.hyperparameters import ENSEMBLE_PLACE, default_ensemble

    try:
        found = default_ensemble()
    except RascadeError as error:
        return Finding("population", BROKEN, str(error), f"mend or unset {ENSEMBLE_PLACE}")
    if found is None and os.environ.get(ENSEMBLE_PLACE) == "none":
        return Finding("population", GOOD, f"the bare parameter table ({ENSEMBLE_PLACE} is none)")
    if found is None:
        text = "none; trials go without a prediction"
        return Finding("population", UNSURE, text, "install a release, or: rascade cohort build")
    return Finding("population", GOOD, f"{found.size} members, {found.hash[:12]}")


def _plug_ins() -> Iterator[Finding]:
    for group in _PLUG_INS:
        for point in metadata.entry_points(group=group):
            part = f"{group.partition('.')[2].replace('_', ' ')} {point.name}"
            try:
                point.load()
            except Exception as error:
                text = f"{point.value}: {type(error).__name__}: {error}"
                yield Finding(part, BROKEN, text, "mend or remove the package that brings it")
            else:
                yield Finding(part, GOOD, f"from {point.value}")


def _settings() -> Finding:
    """Say which settings of the environment are in effect."""
    known = ("RASCADE_", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    found = [f"{name}={os.environ[name]}" for name in sorted(os.environ) if name.startswith(known)]
    text = ", ".join(found) or "none"
    encoding = getattr(sys.stdout, "encoding", None) or "unknown"
    return Finding("settings", GOOD, f"{text}; letters: {encoding}")
