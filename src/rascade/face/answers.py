"""What people ask of a trial: what carries a benefit, in whom it is, what it hangs on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.face import given
from rascade.face.running import told
from rascade.face.trial import Trial
from rascade.progress import default_threads

if TYPE_CHECKING:
    from rascade.studies import TrialStudy

__all__ = ["attribute", "sensitivity", "subgroups"]


def _study(trial: Trial | str | Path) -> TrialStudy:
    from rascade.studies import load

    return trial.study if isinstance(trial, Trial) else load(given.place("trial", trial))


def attribute(
    trial: Trial | str | Path,
    *,
    arm: str = "",
    against: str = "",
    endpoint: str = "pfs",
    mechanisms: Sequence[str] = (),
    members: int | None = None,
    patients: int | None = None,
    orders: int = 0,
    patient: int | None = None,
    out: str | Path | None = None,
    threads: int | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """Tell which mechanisms carry the benefit of an arm over its reference.

    Args:
        trial: a trial, or the path of a study file.
        arm: whose benefit; the first that is not the reference if empty.
        against: arm it is compared with, or ``nothing``; the trial's reference if empty.
        endpoint: ``pfs`` or ``os`` (mean months within the follow-up), ``hazard`` or ``size``.
        mechanisms: that may have a share, of `rascade.model.pathways.PATHWAYS`; all if empty.
        members: of the ensemble; 8 if None.
        patients: of each member; 16 if None.
        orders: random orders of mechanisms instead of all sets of them; 0 for all.
        patient: number of a patient whose own shares are told as well.
        out: folder that gets the results and a page.
        threads: of the solver; every processor if None.
        progress: whether to show how far it is.

    Returns:
        ``endpoint``, ``unit``, ``benefit``, ``low90``, ``high90``, ``shares`` (a list of
        ``mechanism``, ``value``, ``low90``, ``high90``, ``alone``, ``lost_without``, which add up
        to the benefit), ``interactions``, and how it came about.

    Raises:
        InputError: something is wrong; the message names it.
        SimulationError: the solver gave up.
    """
    from rascade.report.pages.attribution import write_attribution_report
    from rascade.studies.running.attribution import run_attribution

    with told("attribute", progress) as update:
        return run_attribution(
            _study(trial),
            None if out is None else given.place("out", out),
            arm=arm,
            against=against,
            endpoint=endpoint,
            pathways=tuple(mechanisms),
            members=members,
            patients=patients,
            orders=orders,
            patient=patient,
            threads=default_threads(given.threads(threads)),
            progress=update,
            finish=write_attribution_report,
        ).record


def subgroups(
    trial: Trial | str | Path,
    *,
    arm: str = "",
    endpoint: str = "pfs",
    markers: Sequence[str] = (),
    members: int | None = None,
    patients: int | None = None,
    out: str | Path | None = None,
    threads: int | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """Find in whom a combination beats its best component, as a rule on measurable markers.

    Args:
        trial: a trial, or the path of a study file, with the combination and its components.
        arm: the combination; the first arm that is not the reference if empty.
        endpoint: ``pfs`` or ``os``.
        markers: that a rule may use; all of them if empty.
        members: of the ensemble; 6 if None.
        patients: of each member; 240 if None.
        out: folder that gets the results and a page.
        threads: of the solver; every processor if None.
        progress: whether to show how far it is.

    Returns:
        ``rule`` (None where no subgroup is told, then ``why``), ``share``, ``gain`` and
        ``gain_held_out`` in months, ``enriched_trial``, ``trial_in_all``, and how it came about.

    Raises:
        InputError: something is wrong; the message names it.
        SimulationError: the solver gave up, or too few patients count.
    """
    from rascade.report.pages.subgroups import write_subgroups_report
    from rascade.studies.running.subgroups import run_subgroups

    with told("subgroups", progress) as update:
        return run_subgroups(
            _study(trial),
            None if out is None else given.place("out", out),
            arm=arm,
            endpoint=endpoint,
            markers=tuple(markers),
            members=members,
            patients=patients,
            threads=default_threads(given.threads(threads)),
            progress=update,
            finish=write_subgroups_report,
        ).record


def sensitivity(
    trial: Trial | str | Path,
    *,
    method: str = "morris",
    endpoint: str = "pfs",
    arm: str = "",
    alone: bool = False,
    parameters: Sequence[str] = (),
    fold: float | None = None,
    runs: int = 0,
    patients: int | None = None,
    out: str | Path | None = None,
    threads: int | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """Tell on which rows of the parameter table an answer of a trial hangs.

    Args:
        trial: a trial, or the path of a study file.
        method: ``morris``, ``prcc`` or ``sobol``.
        endpoint: ``pfs`` or ``os``, a mean within the follow-up.
        arm: whose answer; the first that is not the reference if empty.
        alone: the arm's own mean instead of its gain over the reference.
        parameters: rows that are moved; all that the models read if empty.
        fold: rows go from their value over this to their value times this; 2 if None.
        runs: walks (Morris), points (PRCC) or base points (Sobol); the method's own if 0.
        patients: of each run; 8 if None.
        out: folder that gets the results and a page.
        threads: of the solver; every processor if None.
        progress: whether to show how far it is.

    Returns:
        ``base`` (the answer at the table's values), ``parameters`` (a list of ``name``, ``low``,
        ``high``, ``index``, ``low90``, ``high90`` and the method's further measures, strongest
        first), ``tornado``, and how it came about.

    Raises:
        InputError: something is wrong; the message names it.
        SimulationError: the solver gave up.
    """
    from rascade.report.pages.sensitivity import write_sensitivity_report
    from rascade.studies.running.sensitivity import run_sensitivity

    with told("sensitivity", progress) as update:
        return run_sensitivity(
            _study(trial),
            None if out is None else given.place("out", out),
            arm=arm,
            alone=alone,
            endpoint=endpoint,
            method=method,
            rows=tuple(parameters),
            fold=fold,
            runs=runs,
            patients=patients,
            threads=default_threads(given.threads(threads)),
            progress=update,
            finish=write_sensitivity_report,
        ).record
