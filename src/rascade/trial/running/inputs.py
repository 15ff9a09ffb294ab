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

from rascade.trial.design.plan_text import felt_by_patients
from rascade.versions import package_versions

if TYPE_CHECKING:
    from rascade.trial.design.spec import TrialSpec

__all__ = ["course_inputs", "inputs_hash", "plan_inputs", "simulating_code"]

#: Packages whose version can change a bit of what a patient goes through.
_SOLVING = ("python", "rascade", "antimony", "llvmlite", "numpy", "python-libsbml", "scipy")
#: Parts of Rascade that simulate or store; what counts and what shows may change under stored
#: chunks.
_CODE = (
    "engine",
    "expressions",
    "model",
    "own_drugs.py",
    "patients",
    "random_streams.py",
    "regimen",
    "trial/assessment",
    "trial/conduct",
    "trial/data",
    "trial/design",
    "trial/records.py",
    "trial/results/storage.py",
    "trial/running/jobs.py",
    "trial/running/parquet.py",
    "units.py",
)


def plan_inputs(plan: TrialSpec) -> dict[str, Any]:
    """Return everything that the patients of a trial depend on, ready for JSON."""
    from rascade.evidence import evidence_hash
    from rascade.model import table_of
    from rascade.trial.design.models import arm_assembly

    versions = package_versions()
    return {
        "study": felt_by_patients(plan),
        "models": [arm_assembly(plan, arm).hash for arm in plan.arms],
        "parameters": table_of(drug.name for drug in plan.drugs or ())
        .with_values(plan.parameters)
        .hash,
        "evidence": evidence_hash(),
        "code": simulating_code(),
        "versions": {name: versions[name] for name in _SOLVING},
        "processor": platform.machine(),
    }


def course_inputs(plan: TrialSpec) -> dict[str, Any]:
    """Return everything that the courses of a prediction depend on, ready for JSON."""
    return {**plan_inputs(plan), "prediction": _code_hash(("trial/prediction",))}


def simulating_code() -> str:
    """Return the SHA-256 of the code and data that simulate a patient."""
    return _code_hash(_CODE)


def inputs_hash(inputs: Mapping[str, Any]) -> str:
    """Return the SHA-256 of inputs."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


@cache
def _code_hash(names: tuple[str, ...]) -> str:
    """Digest of the code and data that simulate; a checkout has one version for many states."""
    digest = hashlib.sha256()
    root = files("rascade")
    for name in names:
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
