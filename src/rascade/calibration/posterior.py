"""What a fit made of the prior, and whether an ensemble still belongs to the model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.errors import EvidenceError, InputError
from rascade.patients import hyperparameters
from rascade.patients.hyperparameters import default_ensemble, load_hyperparameters

if TYPE_CHECKING:
    from rascade.patients.hyperparameters import Ensemble

__all__ = ["posterior_rows", "read_ensemble", "stale"]


def read_ensemble(folder: Path | None = None) -> Ensemble:
    """Return the ensemble of a build, or the package's.

    Raises:
        InputError: the folder holds none, or the package has none.
    """
    if folder is None:
        found = default_ensemble()
        if found is None:
            raise InputError("the package has no ensemble; run rascade cohort build --out DIR")
        return found
    try:
        return hyperparameters.read_ensemble(folder)
    except EvidenceError as error:
        raise InputError(str(error)) from error


def stale(ensemble: Ensemble) -> str | None:
    """Say why an ensemble does not belong to the model as it stands; None where it does."""
    from rascade.calibration.build import fitted_arms, model_hash

    names = tuple(item.name for item in load_hyperparameters())
    if ensemble.names != names:
        return "its hyperparameters are not those of the package"
    arms = fitted_arms(ensemble.manifest["plan"]["without"])
    if ensemble.manifest["model"] != model_hash(arms):
        return "the model, a prior or a fitted value has changed since it was built"
    return None


def posterior_rows(ensemble: Ensemble) -> list[dict[str, Any]]:
    """Return one row a hyperparameter: prior, fit, and how much narrower the fit is."""
    rows = []
    for item in load_hyperparameters():
        values = ensemble.values[1:, ensemble.names.index(item.name)]
        low, high = np.exp(np.percentile(values, [5, 95]))
        wide = 1.645 * item.sd
        rows.append(
            {
                "hyperparameter": item.name,
                "prior": f"1 ({np.exp(-wide):.2g} to {np.exp(wide):.2g})",
                "fitted": f"{np.exp(values.mean()):.2g} ({low:.2g} to {high:.2g})",
                "width": f"{values.std(ddof=1) / item.sd:.2f}",
                "about": item.description,
            }
        )
    return rows
