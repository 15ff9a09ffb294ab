import numpy as np
import pytest

from rascade.errors import UnsupportedFeature
from rascade.model import assemble
from rascade.regimen import parse
from rascade.trial.conduct.dosing import engine_doses, infusion_hours

PROFILES = {"weight_kg": np.array([60.0, 90.0]), "body_surface_m2": np.array([1.6, 2.1])}


def doses(text: str, **more):
    regimen = parse(text)
    return engine_doses(assemble(regimen.drugs), regimen, PROFILES, 28, **more)


def test_milligrams_become_nanomoles_of_the_right_species() -> None:
    given = doses("daraxonrasib 300 mg PO QD")
    assert given.targets == ("gut_daraxonrasib",)
    assert len(given) == 2 * 28
    np.testing.assert_allclose(given.amount, 300.0 / 811.1 * 1e6)
    assert (given.duration == 0).all()


def test_doses_by_body_surface_and_usual_infusion_times() -> None:
    given = doses("gemcitabine 1000 mg/m2 IV D1,8,15 Q28D")
    np.testing.assert_allclose(given.amount[given.patient == 1] / given.amount[:3], 2.1 / 1.6)
    assert set(given.duration) == {0.5}
    assert given.time[given.patient == 0].tolist() == [0.0, 168.0, 336.0]
    slow = doses("gemcitabine 1000 mg/m2 IV over 2 h D1,8,15 Q28D")
    assert set(slow.duration) == {2.0}


def test_only_the_chosen_are_treated_and_no_orders_give_no_doses() -> None:
    given = doses("daraxonrasib 300 mg PO QD", chosen=np.array([False, True]))
    assert set(given.patient) == {1}
    assert len(doses("none")) == 0


def test_a_route_that_is_not_modelled_is_named() -> None:
    with pytest.raises(
        UnsupportedFeature, match="daraxonrasib is not modelled by IV; modelled: PO"
    ):
        doses("daraxonrasib 300 mg IV QD")


def test_infusion_times_are_in_hours() -> None:
    hours = infusion_hours(assemble(["fluorouracil", "gemcitabine", "daraxonrasib"]))
    assert hours == {"fluorouracil": 46.0, "gemcitabine": 0.5}
