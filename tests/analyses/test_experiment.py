"""Experiments in cells and mice: designs, intervals, growth, and the mechanism behind them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rascade.bench.cells import Cells, find_cell_line
from rascade.bench.concentrations import log_grid
from rascade.bench.draws import draw_rows, drawn_rows
from rascade.bench.experiment import experiment
from rascade.bench.readouts import CLONE, check_names, find_reading, outline
from rascade.bench.run import run_experiment
from rascade.bench.spec import (
    Change,
    ExperimentSpec,
    Exposure,
    Treatment,
    conditions,
)
from rascade.bench.tables import COLUMNS, INTERVAL_COLUMNS
from rascade.errors import InputError, SimulationError
from rascade.model import assemble, load_table
from rascade.regimen import parse

HOURS = (0.0, 1.0, 4.0, 24.0, 72.0)


def cells(name: str) -> Cells:
    line = find_cell_line(name)
    return Cells(
        line.name,
        line.kras_allele,
        line.kras_share,
        line.receptor_level,
        line.genes,
        line.doubling_hours,
    )


def drug(name: str, dose: float | None = None, **window: float) -> Treatment:
    return Treatment(exposures=(Exposure(name, dose, **window),))


def course(*treatments: Treatment, name: str = "MIA PaCa-2", **more: object) -> ExperimentSpec:
    spec = ExperimentSpec(
        "test", "time-course", (cells(name),), treatments, ("pERK", "viability"), HOURS, draws=0
    )
    return replace(spec, **more)  # type: ignore[arg-type]


def test_untreated_is_one_and_grows_as_the_line_does() -> None:
    for name in ("MIA PaCa-2", "PANC-1"):
        run = run_experiment(course(drug("sotorasib", 0.0), name=name))
        assert np.allclose(run.relative, 1.0)
        doubling = find_cell_line(name).doubling_hours
        assert doubling is not None
        viability = run.levels[0, 0, :, 1]
        early = math.log(viability[2]) / 4.0  # before the dish is crowded
        assert math.log(2.0) / early == pytest.approx(doubling, rel=0.15)
        assert viability[-1] <= 2.0 ** (72.0 / doubling) * 1.01


def test_a_g12c_inhibitor_acts_on_g12c_only() -> None:
    treatments = (drug("sotorasib", 100.0),)
    g12c = run_experiment(course(*treatments)).relative[1, 0]
    assert g12c[2, 0] < 0.35
    assert g12c[-1, 1] < 0.8
    g12d = run_experiment(course(*treatments, name="AsPC-1")).relative[1, 0]
    assert np.allclose(g12d, 1.0, atol=1e-3)


def test_without_its_binding_the_drug_does_nothing() -> None:
    dead = course(drug("sotorasib", 100.0), parameters={"sotorasib.affinity": 0.0})
    assert np.allclose(run_experiment(dead).relative, 1.0, atol=1e-6)


def test_titration_falls_and_is_the_matrix_edge() -> None:
    grid = log_grid(0.1, 1000.0, 6)
    titration = course(
        Treatment(exposures=(Exposure("daraxonrasib"),), grid=grid),
        name="AsPC-1",
        design="dose-response",
        hours=(4.0,),
    )
    run = run_experiment(titration)
    doses = [c.concentration for c in run.conditions]
    assert doses == [0.0, *grid]
    assert np.all(np.diff(run.relative[:, 0, 0, 0]) < 1e-9)
    matrix = replace(
        titration,
        design="dose-matrix",
        treatments=(
            titration.treatments[0],
            Treatment(exposures=(Exposure("gemcitabine"),), grid=(10.0, 100.0, 1e3, 1e4)),
        ),
    )
    block = run_experiment(matrix).relative[:, 0, 0, 0].reshape(7, 5)
    assert block[:, 0] == pytest.approx(run.relative[:, 0, 0, 0], rel=1e-4)


def test_a_drug_beside_itself_is_its_sum() -> None:
    both = Treatment(exposures=(Exposure("sotorasib", 30.0), Exposure("sotorasib", 70.0)))
    run = run_experiment(course(both, drug("sotorasib", 100.0)))
    assert np.allclose(run.relative[1], run.relative[2])


def test_wash_out_gives_the_cells_back() -> None:
    hours = (0.0, 4.0, 5.0, 24.0, 72.0)
    spec = course(
        drug("daraxonrasib", 100.0, to_hour=4.0),
        drug("daraxonrasib", 100.0),
        drug("daraxonrasib", 100.0, from_hour=4.0),
        design="wash-out",
        hours=hours,
    )
    run = run_experiment(spec)
    washed, kept, late = run.relative[1:, 0, :, 0]
    assert np.allclose(washed[:2], kept[:2])
    assert washed[1] < 0.1
    assert washed[-1] > 0.9 > kept[-1]
    # A reading at the hour of a change is the one before it.
    assert late[1] == pytest.approx(1.0)
    assert late[2] < 0.2
    assert [c.treatment for c in run.conditions] == [
        "untreated",
        "daraxonrasib from 0 to 4 h",
        "daraxonrasib",
        "daraxonrasib from 4 h",
    ]


def test_knock_out_before_and_knock_down_from_hour_0() -> None:
    changes = {"PTEN_level": Change(10.0, True)}
    spec = course(drug("sotorasib", 100.0), changes=changes, readouts=("pAKT",))
    out = run_experiment(replace(spec, design="knock-out"))
    down = run_experiment(replace(spec, design="knock-down"))
    names = [c.treatment for c in out.conditions]
    assert names == [
        "untreated",
        "sotorasib",
        "PTEN_level at 10 %",
        "sotorasib, PTEN_level at 10 %",
    ]
    assert out.relative[2, 0, 0, 0] > 1.2
    assert down.relative[2, 0, 0, 0] == 1.0
    assert down.relative[2, 0, -1, 0] > 1.2
    assert out.relative[2, 0, -1, 0] == pytest.approx(down.relative[2, 0, -1, 0], rel=0.05)
    same = run_experiment(replace(spec, design="knock-out", changes={"PTEN_level": Change(0.1)}))
    assert np.allclose(same.relative, out.relative)


def test_a_pten_null_line_has_more_pakt() -> None:
    lost = replace(cells("AsPC-1"), genes={"PTEN": "null"}, label="PTEN null")
    spec = course(drug("daraxonrasib", 1.0), readouts=("pAKT",), cells=(cells("AsPC-1"), lost))
    run = run_experiment(spec)
    assert run.levels[2, 0, 0, 0] > 1.2 * run.levels[0, 0, 0, 0]
    assert run.relative[2, 0, 0, 0] == 1.0  # relative to its own untreated cells


def test_draws_hold_each_other_and_threads_do_not_matter() -> None:
    spec = course(drug("sotorasib", 100.0), draws=5)
    five = run_experiment(spec)
    two = run_experiment(replace(spec, draws=2), threads=2)
    assert np.array_equal(five.relative[:, :3], two.relative, equal_nan=True)
    assert np.array_equal(run_experiment(spec).relative, five.relative, equal_nan=True)
    other = run_experiment(replace(spec, seed=2))
    assert np.array_equal(other.relative[:, 0], five.relative[:, 0])
    assert not np.array_equal(other.relative[:, 1:], five.relative[:, 1:], equal_nan=True)


def test_what_is_drawn_lies_in_its_range_and_definitions_are_not_drawn() -> None:
    assembly = assemble(["sotorasib"], clones=[CLONE], setting="culture")
    rows = drawn_rows(assembly, "parameters", ["KRAS_share"])
    assert {"k_ERK", "sotorasib.kinact_over_KI"} <= set(rows)
    fixed = {"tumour_active", "sotorasib.affinity", "KRAS_share", "cysteine", "GAP_ratio"}
    assert not fixed & set(rows)
    table = load_table()
    drawn = draw_rows(assembly, rows, "parameters", 3, 200)
    for name, values in drawn.items():
        row = table[name]
        assert values[0] == row.value
        assert values[1:].min() >= row.low * (1 - 1e-12)
        assert values[1:].max() <= row.high * (1 + 1e-12)
        if row.low > 0:  # log-uniform: the middle is the geometric mean
            middle = math.sqrt(row.low * row.high)
            assert 0.35 < float((values[1:] < middle).mean()) < 0.65
    between = drawn_rows(assembly, "cells", [])
    assert between
    assert all(table[name].varies for name in between)
    lognormal = draw_rows(assembly, between, "cells", 3, 50)
    assert all(np.ptp(np.log(values[1:])) > 0 for values in lognormal.values())


def test_tables_and_summary() -> None:
    outcome = experiment(course(drug("sotorasib", 100.0), draws=6))
    table = outcome.table
    assert tuple(table.columns) == INTERVAL_COLUMNS
    assert tuple(table.columns[:5]) == COLUMNS == (
        "treatment", "concentration_nM", "time_h", "readout", "value",
    )  # fmt: skip
    assert len(table) == 2 * len(HOURS) * 2
    late = table[(table["time_h"] == 72) & (table["treatment"] == "sotorasib")]
    assert (late["low"] <= late["median"]).all()
    assert (late["median"] <= late["high"]).all()
    assert np.allclose(late["value"], late["level"] / late["level_untreated"])
    erk = next(row for row in outcome.summary["time_course"] if row["readout"] == "pERK")
    values = outcome.run.relative[1, 0, :, 0]
    assert erk["nadir"] == values.min()
    assert erk["nadir_h"] == HOURS[int(values.argmin())]
    assert erk["rebound"] == values[int(values.argmin()) :].max()
    assert erk["end"] == values[-1]
    assert outcome.summary["cells"][0]["genes_not_modelled"] == ["TP53 R248W", "CDKN2A deletion"]
    drawn = {row["name"]: row for row in outcome.provenance["parameters"]}
    assert drawn["k_ERK"]["distribution"] == "log-uniform, low to high"
    assert drawn["tumour_active"]["distribution"] == "fixed"
    none = experiment(course(drug("sotorasib", 100.0)))
    assert none.table["low"].isna().all()
    assert none.summary["time_course"][0]["nadir_interval"] is None


def test_summary_of_a_matrix() -> None:
    grid = (0.1, 1.0, 10.0, 100.0)
    spec = course(
        Treatment(exposures=(Exposure("sotorasib"),), grid=grid),
        Treatment(exposures=(Exposure("sotorasib"),), grid=grid),
        design="dose-matrix",
        readouts=("pERK",),
        hours=(2.0,),
        draws=3,
    )
    found = experiment(spec).summary["matrices"][0]
    response = np.array(found["response"])
    assert np.allclose(response, response.T, rtol=1e-4)  # the drug with itself
    assert 0.8 < found["combination_index_median"] < 1.25
    assert abs(found["loewe_mean"]) < 0.02
    assert len(found["bliss_mean_interval"]) == 2
    assert found["isobole"]["level"] == 0.5


def test_mice() -> None:
    hours = (0.0, 24.0, 168.0)
    spec = ExperimentSpec(
        "mice",
        "xenograft",
        (cells("AsPC-1"),),
        (
            Treatment(regimen=parse("daraxonrasib 25 mg/kg PO QD")),
            Treatment(regimen=parse("daraxonrasib 5 mg/kg PO QD")),
        ),
        ("tumour_volume", "pERK"),
        hours,
        draws=2,
    )
    run = run_experiment(spec)
    high, low = run.relative[1, 0, -1], run.relative[2, 0, -1]
    assert high[0] < low[0] < 1.0
    assert high[1] < low[1] < 1.0
    assert run.levels[0, 0, -1, 0] > run.levels[0, 0, 0, 0]
    assert math.isnan(run.conditions[1].concentration)
    own = any(row.endswith("[xenograft]") and row.startswith("daraxonrasib.")
              for row in run.assembly.composition.parameters.values())  # fmt: skip
    assert own or any("no mouse pharmacokinetics" in text for text in run.warnings)


def test_conditions_of_a_time_course_with_a_partner() -> None:
    pair = Treatment(exposures=(Exposure("sotorasib", 100.0), Exposure("adagrasib", 1500.0)))
    spec = course(pair, cells=(cells("MIA PaCa-2"), cells("AsPC-1")))
    found = conditions(spec)
    assert [(c.cells, c.treatment, c.concentration) for c in found] == [
        (0, "untreated", 0.0),
        (0, "sotorasib + adagrasib 1.5 uM", 100.0),
        (1, "untreated", 0.0),
        (1, "sotorasib + adagrasib 1.5 uM", 100.0),
    ]


def test_names_are_checked_against_the_model() -> None:
    check_names(["sotorasib"], "culture", ["pERK", "KRAS_covalent_sotorasib"], ["PTEN_level"])
    with pytest.raises(InputError, match="did you mean 'pERK'"):
        check_names([], "culture", ["pERk"], [])
    with pytest.raises(InputError, match="'viability' cannot be read in a mouse"):
        check_names([], "xenograft", ["viability"], [])
    with pytest.raises(InputError, match=r"no parameter of the model.*did you mean 'PTEN_level'"):
        check_names([], "culture", [], ["PTEN_levl"])
    reading = find_reading(outline((), "culture"), "RTK", "culture")
    assert reading.observable == f"RTK_{CLONE}"


def test_too_much_and_too_fast() -> None:
    with pytest.raises(InputError, match="more than 200000 simulations"):
        run_experiment(course(drug("sotorasib", 1.0), draws=100_000))
    quick = replace(cells("MIA PaCa-2"), doubling_hours=8.5)
    silent = course(drug("sotorasib", 1.0), cells=(quick,), parameters={"k_MEK": 1e-6})
    with pytest.raises(SimulationError, match="cannot divide fast enough"):
        run_experiment(silent)
