"""Tumour markers as a laboratory reports them: CA 19-9, and KRAS in cell-free DNA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.random_streams import normal, uniform
from rascade.trial.assessment.lesions import load_measurement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["MARKERS", "SYMBOLS", "measured_markers"]

#: Columns of the visits' table.
MARKERS = ("ca19_9_u_ml", "kras_maf_pct")
#: What the model must be asked for, in this order: CA 19-9, mutant and wild-type genomes.
SYMBOLS = ("CA19_9", "ctDNA", "KRAS_allele_fraction")
_PER_ML = 1e-3  # the model's volumes are litres


def measured_markers(
    values: Mapping[str, Floats],
    alleles: NDArray[Any],
    seed: int,
    patients: NDArray[np.int64],
    visit: int,
) -> dict[str, Floats]:
    """Return what a laboratory reports.

    Args:
        values: `SYMBOLS` -> (n,) true values from the model.
        alleles: (n,) KRAS alleles; ``WT`` has no mutant KRAS to find.
        seed: of the study.
        patients: (n,) patient numbers.
        visit: number of the visit, 0 at baseline.

    Returns:
        ``ca19_9_u_ml``: U/mL with the assay's error, NaN for patients who cannot make it;
        ``kras_maf_pct``: allele fraction in % with the error of counting mutant molecules, 0 where
        it is not detected, NaN without mutant KRAS.
    """
    table = load_measurement()
    error = table["CA19_9_error"].value
    secretor = uniform(seed, "CA 19-9 secretor", patients) >= table["CA19_9_negative"].value
    level = values["CA19_9"] * _PER_ML * np.exp(error * normal(seed, "CA 19-9", patients, visit))
    found = np.maximum(values["ctDNA"] * _PER_ML, 0.0) * table["ctDNA_plasma"].value
    # Counts of this size are near enough normal; what would be a negative count is none.
    counted = found + np.sqrt(found) * normal(seed, "ctDNA", patients, visit)
    share = np.divide(counted, found, out=np.zeros_like(found), where=found > 0)
    fraction = np.clip(values["KRAS_allele_fraction"] * np.maximum(share, 0.0), 0.0, 1.0)
    fraction = np.where(fraction < table["ctDNA_limit"].value, 0.0, fraction)
    mutant = np.asarray(alleles).astype(str) != "WT"
    lost = ~np.isfinite(values["ctDNA"])
    return {
        "ca19_9_u_ml": np.where(secretor, level, np.nan),
        "kras_maf_pct": np.where(mutant & ~lost, 100.0 * fraction, np.nan),
    }
