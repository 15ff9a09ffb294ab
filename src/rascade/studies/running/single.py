"""Running one patient: regimen to trajectory, trajectory to a folder of results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rascade.errors import InputError
from rascade.own_drugs import own_drugs
from rascade.random_streams import check_seed
from rascade.regimen import Regimen, format_regimen
from rascade.results.index import noted_results
from rascade.results.manifest import base_manifest, now
from rascade.results.store import MANIFEST, file_hashes, write_json, write_table
from rascade.studies.files.drugs import told_drugs
from rascade.studies.files.patient import KnownPatient

if TYPE_CHECKING:
    from rascade.model import Interventions

__all__ = ["MAX_DAYS", "run_single"]

#: Ten years; a longer look at one pancreatic cancer has no meaning.
MAX_DAYS = 3653


def run_single(
    regimen: Regimen,
    out: str | Path,
    *,
    days: int,
    seed: int,
    patient: KnownPatient | None = None,
    changes: Interventions | None = None,
    finish: Callable[[Path], object] | None = None,
) -> Path:
    """Simulate one virtual patient and write the results folder, whole or not at all.

    Args:
        regimen: what is given.
        out: the results folder.
        days: to simulate, 1 to `MAX_DAYS`.
        seed: for what is not known of the patient.
        patient: what is known.
        changes: knock-outs, set parameters and wanted mechanisms.
        finish: called with the folder before it gets its name, to add the report.

    Returns:
        The results folder.

    Raises:
        InputError: a number is wrong, or `out` cannot be written.
        UnsupportedFeature: a drug or route cannot be simulated yet.
        SimulationError: the solver gave up.
    """
    if not 1 <= days <= MAX_DAYS:
        raise InputError(f"--days: {days} days; it must be 1 to {MAX_DAYS}")
    check_seed(seed)
    known = KnownPatient() if patient is None else patient
    started = now()
    from rascade.trial.conduct.single import simulate_patient

    with noted_results(out) as folder:
        course = simulate_patient(
            regimen,
            days=days,
            seed=seed,
            profile=known.profile,
            parameters=known.parameters,
            changes=changes,
        )
        write_table(folder / "trajectory.parquet", course.trajectory)
        write_json(folder / "simulation.json", course.info)
        if finish is not None:
            finish(folder)
        manifest = base_manifest(
            "simulate",
            started,
            regimen=format_regimen(regimen),
            days=days,
            seed=seed,
            warnings=course.info["warnings"],
            **told_drugs(own for name, own in own_drugs().items() if name in regimen.drugs),
            **({} if changes is None else {"interventions": asdict(changes)}),
        )
        write_json(folder / MANIFEST, manifest | {"files": file_hashes(folder)})
    return Path(out)
