"""Members stacked in one simulation are the members, each for itself."""

from __future__ import annotations

import numpy as np
import pytest

from rascade.engine import Settings
from rascade.model import assemble, load_table
from rascade.patients.draws import stratified
from rascade.patients.stack import settled_stack


def test_stratified_numbers_have_one_in_each_part() -> None:
    drawn = stratified(3, "x", np.arange(40))
    assert sorted(np.floor(drawn * 40).astype(int)) == list(range(40))
    assert not np.array_equal(drawn, stratified(4, "x", np.arange(40)))


@pytest.fixture(scope="module")
def stacks():
    base = load_table()
    faster = base.with_values({"k_division": base["k_division"].value * 1.2})
    patients, settings = np.arange(6, dtype=np.int64), Settings()
    assembly = assemble(())

    def made(tables):
        return settled_stack(
            assembly, tables, seed=5, patients=patients, eligibility=("kras_allele != 'WT'",),
            settings=settings,
        )  # fmt: skip

    return made([base, faster]), made([faster])


def test_a_member_is_the_same_alone_and_beside_others(stacks) -> None:
    (both, simulation), (one, alone) = stacks
    assert both.weight.shape == (2, 6)
    beside = simulation.value("cells_sensitive").reshape(2, 6)[1]
    assert beside == pytest.approx(alone.value("cells_sensitive"), rel=1e-9)
    drawn = both.cohort.population.parameters["k_division"].reshape(2, 6)
    assert drawn[1] == pytest.approx(one.cohort.population.parameters["k_division"])
    assert (drawn[1] > drawn[0]).all()


def test_profiles_are_the_same_in_all_members_and_eligible(stacks) -> None:
    profiles = stacks[0][0].cohort.population.profiles
    assert (profiles["age_years"][:6] == profiles["age_years"][6:]).all()
    assert (profiles["kras_allele"] != "WT").all()
