"""What a simulated patient depends on, so that chunks of different runs are never mixed."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any

from rascade.results.manifest import package_versions
from rascade.studies.files.load import plain_study

if TYPE_CHECKING:
    from rascade.studies.files.schema import TrialStudy

__all__ = ["inputs_hash", "trial_inputs"]

#: Packages whose version can change a bit of what a patient goes through.
_SOLVING = ("python", "rascade", "antimony", "llvmlite", "numpy", "python-libsbml", "scipy")
#: Parts of Rascade that simulate; reports and statistics may change under stored chunks.
_CODE = ("engine", "model", "patients", "random_streams.py", "regimen", "trial", "units.py")
#: What a study says that no patient feels. All else counts, also what is added to files later.
_UNFELT = ("name", "description", "reference", "pfs_censoring")


def trial_inputs(study: TrialStudy) -> dict[str, Any]:
    """Return everything that the patients of a trial depend on, ready for JSON."""
    from rascade.evidence import evidence_hash
    from rascade.model import load_table
    from rascade.studies.running.trial import to_spec
    from rascade.trial.conduct.run import arm_assembly

    spec = to_spec(study)
    versions = package_versions()
    return {
        "study": _felt(study),
        "models": [arm_assembly(spec, arm).hash for arm in spec.arms],
        "parameters": load_table().with_values(study.parameters).hash,
        "evidence": evidence_hash(),
        "code": _code_hash(),
        "versions": {name: versions[name] for name in _SOLVING},
        "processor": platform.machine(),
    }


def inputs_hash(inputs: Mapping[str, Any]) -> str:
    """Return the SHA-256 of inputs."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _felt(study: TrialStudy) -> dict[str, Any]:
    """Return the study without sizes and texts: a larger trial holds the patients of a smaller."""
    plain = {key: value for key, value in plain_study(study).items() if key not in _UNFELT}
    # A cut-off hides what is later. Only one on a known day spares what lies beyond it.
    month = (plain.pop("cut_off", None) or {}).get("month")
    plain |= {"cut_off": {"month": month}} if month is not None else {}
    cohort, arms = plain.get("cohort", {}), plain.get("arms", [])
    plain["cohort"] = {key: value for key, value in cohort.items() if key != "size"}
    plain["arms"] = [
        {key: value for key, value in arm.items() if key not in ("size", "published")}
        for arm in arms
    ]
    return plain


@cache
def _code_hash() -> str:
    """Digest of the code and data that simulate; a checkout has one version for many states."""
    digest = hashlib.sha256()
    root = files("rascade")
    for name in _CODE:
        for path, content in _contents(root / name, name):
            digest.update(f"{path}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def _contents(place: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    if place.is_file():
        if not path.endswith(".pyc"):
            yield path, place.read_bytes()
        return
    for entry in sorted(place.iterdir(), key=lambda e: e.name):
        if entry.name != "__pycache__":
            yield from _contents(entry, f"{path}/{entry.name}")
