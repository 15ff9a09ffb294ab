"""Assurance: power averaged over what is not known of the model.

Power asks how often a trial succeeds if the model is right as it stands. Assurance (O'Hagan,
Stevens & Campbell, Pharm Stat 2005;4:187-201) averages it over models: every parameter that nobody
has verified is drawn as for the intervals of claims (`rascade.analyses.claims.draws`), the
population is simulated anew under each draw, and each design is tried on it. Fitted parameters are
drawn independently of each other too, so the draws are wider than what the calibration data would
allow: the assurance is one for a sceptic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.analyses.operating.characteristics import describe_population
from rascade.analyses.operating.population import ArmPopulation, arm_population
from rascade.analyses.operating.power import power_at
from rascade.errors import SimulationError
from rascade.progress import Progress

if TYPE_CHECKING:
    from rascade.analyses.operating.designs import Design
    from rascade.trial.design.spec import TrialSpec

__all__ = ["assure", "drawn_parameters", "populations_of", "summarize_assurance"]


def drawn_parameters(spec: TrialSpec, seed: int, draws: int) -> list[dict[str, float]]:
    """Draw sets of typical values for the models of a trial's arms.

    Args:
        spec: the trial; what it sets in every arm is not drawn, what it sets in one holds there.
        seed: of the study.
        draws: how many sets; more draws hold fewer ones.
    """
    from rascade.analyses.claims.draws import draw, uncertain_rows
    from rascade.model import load_table
    from rascade.trial.design.models import arm_assembly

    fixed = spec.shared_changes.parameters
    table = load_table().with_values(fixed)
    models = [arm_assembly(spec, arm) for arm in spec.arms]
    rows = sorted({row for model in models for row in uncertain_rows(model, fixed)})
    values = draw(table, rows, seed, draws)
    return [{name: float(values[name][k + 1]) for name in rows} for k in range(draws)]


def populations_of(
    spec: TrialSpec,
    names: Sequence[str],
    endpoint: str,
    *,
    threads: int = 1,
) -> list[ArmPopulation]:
    """Simulate the arms of a trial and read them as populations.

    Args:
        spec: the trial.
        names: of the arms wanted, the control first.
        endpoint: ``os`` or ``pfs``.
        threads: of the engine.
    """
    from rascade.trial.running.run import run

    outcome = run(spec, threads=threads)
    return [arm_population(outcome.patients, outcome.visits, name, endpoint) for name in names]


def assure(
    spec: TrialSpec,
    designs: Sequence[Design],
    endpoint: str,
    *,
    seed: int,
    draws: int,
    replicates: int,
    threads: int = 1,
    eligible: Any = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Power of each design under drawn parameter sets.

    Args:
        spec: the trial whose population is simulated under each set; its sizes hold.
        designs: what is tried.
        endpoint: ``os`` or ``pfs``.
        seed: of the study.
        draws: parameter sets.
        replicates: trials of each design under each set.
        threads: of the engine.
        eligible: see `Source`.
        progress: told how far the work is.

    Returns:
        Draws (hazard ratios and power by design), their summary, and how many failed.
    """
    rows: list[dict[str, Any]] = []
    failed = 0
    names = list(dict.fromkeys(name for design in designs for name in design.arms))
    for index, values in enumerate(drawn_parameters(spec, seed, draws)):
        if progress:
            progress(index / draws, f"assurance, parameter set {index + 1} of {draws}")
        drawn = replace(spec, parameters={**spec.parameters, **values})
        try:
            arms = populations_of(drawn, names, endpoint, threads=threads)
        except SimulationError:  # no tumour of this set grows as tumours do, or it is not solvable
            failed += 1
            continue
        known = {arm.name: arm for arm in arms}
        ratios = {
            row["arm"]: row["hazard_ratio"]
            for row in describe_population(arms)
            if row["hazard_ratio"] is not None
        }
        power = {
            design.name: power_at(
                design,
                [known[name] for name in design.arms],
                seed=seed,
                replicates=replicates,
                eligible=eligible,
            )["value"]
            for design in designs
        }
        rows.append({"draw": index, "hazard_ratios": ratios, "power": power})
    if progress:
        progress(1.0, "assurance")
    return {
        "draws": draws,
        "failed": failed,
        "patients_per_arm": spec.cohort.size,
        "replicates": replicates,
        "designs": summarize_assurance(rows, [design.name for design in designs]),
        "sets": rows,
    }


def summarize_assurance(
    rows: Sequence[Mapping[str, Any]], designs: Sequence[str]
) -> list[dict[str, Any]]:
    """Mean power of each design over the sets, with its standard error and range."""
    found: list[dict[str, Any]] = []
    for name in designs:
        power = np.array([row["power"][name] for row in rows], dtype=float)
        if not power.size:
            found.append({"design": name, "assurance": None, "low": None, "high": None})
            continue
        error = float(power.std(ddof=1) / np.sqrt(power.size)) if power.size > 1 else float("nan")
        mean = float(power.mean())
        found.append(
            {
                "design": name,
                "assurance": mean,
                "low": max(0.0, mean - 1.96 * error) if np.isfinite(error) else None,
                "high": min(1.0, mean + 1.96 * error) if np.isfinite(error) else None,
                "quartiles": [float(x) for x in np.quantile(power, (0.25, 0.5, 0.75))],
            }
        )
    return found
