"""Populations and designs that the tests of operating characteristics share."""

import numpy as np

from rascade.analyses.operating.designs import Design
from rascade.analyses.operating.population import ArmPopulation, exponential_population
from rascade.statistics.group_sequential import efficacy
from rascade.trial.design.accrual import Accrual, Centre
from rascade.trial.design.randomization import Randomization

HAZARD = np.log(2) / 6  # median of six months
ONE_CENTRE = Accrual((Centre("all", 20.0),))


def exponential(ratio=0.7, size=4000):
    """Control and new arm whose hazards are proportional."""
    return [
        exponential_population("control", HAZARD, size),
        exponential_population("new", HAZARD * ratio, size),
    ]


def scanned(name, ratio, size=900, every=56.0, end=730.0, seed=3):
    """Patients whose progression shows at scans, with deaths between, two properties."""
    rng = np.random.default_rng(seed)
    hidden = rng.exponential(1 / (0.006 * ratio), size)
    death = rng.exponential(1 / 0.001, size)
    progression = np.ceil(hidden / every) * every
    event = np.minimum(progression, death)
    grid = np.arange(0.0, end + 1, every)
    known = np.where(grid[None, :] < event[:, None], grid[None, :], 0.0)
    known = np.maximum.accumulate(known, axis=1)
    seen = event <= end
    return ArmPopulation(
        name,
        np.where(seen, event, np.inf),
        np.where(seen, np.inf, known[:, -1]),
        {
            "patient": np.arange(size),
            "ecog": rng.integers(0, 2, size),
            "sex": np.where(rng.random(size) < 0.4, "female", "male"),
            "marker": rng.random(size) < 0.3,
        },
        grid,
        known,
    )


def design(looks=(1.0,), kind="lan-demets-obrien-fleming", size=200, events=130, **options):
    """A two-arm design with defaults for the tests."""
    alpha = options.pop("alpha", 0.025)
    plan = {
        "name": "test",
        "arms": ("control", "new"),
        "size": size,
        "boundaries": efficacy(kind, looks, alpha),
        "accrual": ONE_CENTRE,
        "randomization": Randomization("blocks", (1, 1), 4),
        "events": events,
    }
    return Design(**(plan | options))
