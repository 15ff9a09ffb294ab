"""One virtual patient from Python: orders in, every species over time out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rascade import RESEARCH_USE
from rascade.errors import InputError
from rascade.face import given

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["simulate"]


def simulate(
    regimen: str,
    days: int = 168,
    *,
    seed: int = 1,
    patient: Mapping[str, Any] | None = None,
    parameters: Mapping[str, float] | None = None,
    knockout: str | Sequence[str] = (),
    include: str | Sequence[str] = (),
) -> xr.Dataset:
    """Simulate one virtual patient.

    Examples:
        >>> import rascade as rc
        >>> course = rc.simulate("sotorasib 960 mg PO QD", days=1, patient={"kras_allele": "G12C"})
        >>> course["sum_of_diameters"].attrs["units"]
        'mm'

    Args:
        regimen: orders joined by ``+``, or ``none``.
        days: to simulate, 1 to 3653.
        seed: for what is not known of the patient.
        patient: what is known: ``kras_allele``, ``weight_kg`` and the like.
        parameters: values by row of the parameter table, in the row's unit.
        knockout: what is taken away from before treatment on, such as ``MDSC``.
        include: mechanisms wanted although no drug needs them.

    Returns:
        One variable a symbol of the model over the coordinate ``day``; ``units`` and ``long_name``
        are attributes of each, what was simulated are attributes of the whole.

    Raises:
        RegimenError: the orders cannot be read.
        InputError: a property or value is wrong, or no plausible patient has all of them.
        UnsupportedFeature: a drug or route that is not modelled.
        SimulationError: the solver gave up.
    """
    import json

    import xarray as xr

    from rascade.model import Interventions
    from rascade.regimen import parse
    from rascade.studies.running.single import MAX_DAYS
    from rascade.trial.conduct.single import simulate_patient

    if not isinstance(regimen, str):
        raise InputError(f"regimen: expected orders as text, found {type(regimen).__name__}")
    course = simulate_patient(
        parse(regimen),
        days=given.whole("days", days, 1, MAX_DAYS),
        seed=given.whole("seed", seed),
        profile=given.mapping("patient", patient),
        parameters=_numbers(parameters),
        changes=Interventions(
            given.texts("knockout", knockout), include=given.texts("include", include)
        ),
    )
    facts = course.info["columns"]
    day = course.trajectory["day"].to_numpy()
    variables = {
        name: (
            "day",
            course.trajectory[name].to_numpy(),
            {"units": facts[name]["unit"], "long_name": facts[name]["label"]},
        )
        for name in facts
    }
    return xr.Dataset(
        variables,
        coords={"day": ("day", day, {"units": "day", "long_name": "time from the first dose"})},
        attrs={
            "regimen": course.info["regimen"],
            "seed": int(seed),
            "model_hash": course.info["model_hash"],
            "patient": json.dumps(course.info["patient"]),
            "warnings": course.info["warnings"],
            "research_use": RESEARCH_USE,
        },
    )


def _numbers(parameters: object) -> dict[str, float]:
    values = given.mapping("parameters", parameters)
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"parameters: {name}: expected a number, found {value!r}")
    return values
