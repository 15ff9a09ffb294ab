"""The SBML Test Suite's time courses: right, or refused by name, never a wrong number."""

from __future__ import annotations

import csv
import io
import tarfile
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rascade.engine import Settings, System, read_sbml, simulate
from rascade.errors import RascadeError, UnsupportedFeature

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = Settings(rtol=1e-9, atol=1e-13, nonnegative=False)


@dataclass(frozen=True)
class Case:
    """One case: what to run and what has to come out."""

    name: str
    model: str
    settings: dict[str, str]
    expected: str

    def listed(self, key: str) -> list[str]:
        return [x.strip() for x in self.settings.get(key, "").split(",") if x.strip()]

    def table(self) -> np.ndarray:
        """The expected values of the variables in their order, (T, k)."""
        rows = [row for row in csv.reader(io.StringIO(self.expected)) if row]
        header = [name.strip() for name in rows[0]]
        columns = [1 + header[1:].index(name) for name in self.listed("variables")]
        return np.array([[float(x) for x in row] for row in rows[1:]])[:, columns]


def read_cases(path: Path) -> list[Case]:
    with tarfile.open(path) as archive:
        files = {
            member.name.split("/", 1)[1]: archive.extractfile(member).read().decode()
            for member in archive
            if member.isfile()
        }
    cases = []
    for row in csv.DictReader(io.StringIO(files["index.csv"])):
        name = row["case"]
        lines = files[f"{name}/{name}-settings.txt"].splitlines()
        settings = {k.strip(): v.strip() for k, _, v in (x.partition(":") for x in lines)}
        model = files[f"{name}/{row['model']}"]
        cases.append(Case(name, model, settings, files[f"{name}/{name}-results.csv"]))
    return cases


def outputs(system: System, case: Case) -> list[str]:
    amounts, concentrations = set(case.listed("amount")), set(case.listed("concentration"))
    forms = []
    for name in case.listed("variables"):
        form = f"amount({name})" if name in amounts else f"[{name}]"
        wanted = name in amounts | concentrations
        forms.append(form if wanted and form in system.forms else name)
    return forms


def wrong_at(case: Case, backend: str) -> str:
    """Run a case; return where it is wrong, or nothing."""
    system = read_sbml(case.model)
    start, duration = float(case.settings["start"]), float(case.settings["duration"])
    times = np.linspace(start, start + duration, int(case.settings["steps"]) + 1)
    segment = simulate(
        system, start=start, to=float(times[-1]), times=times, outputs=outputs(system, case),
        settings=SETTINGS, backend=backend,
    )  # fmt: skip
    got, wanted = segment.values[0], case.table()
    absolute, relative = float(case.settings["absolute"]), float(case.settings["relative"])
    with np.errstate(invalid="ignore"):
        close = np.abs(got - wanted) <= absolute + relative * np.abs(wanted)
    same = (got == wanted) | (np.isnan(got) & np.isnan(wanted))
    bad = np.argwhere(~np.where(np.isfinite(wanted), close, same))
    if not len(bad):
        return ""
    row, column = bad[0]
    name = case.listed("variables")[column]
    return f"{name} at {times[row]:g}: {got[row, column]!r}, not {wanted[row, column]!r}"


@pytest.mark.parametrize(
    ("backend", "every"),
    [
        ("compiled", 6),
        ("reference", 16),
        pytest.param("compiled", 1, marks=pytest.mark.slow),
        pytest.param("reference", 1, marks=pytest.mark.slow),
    ],
)
def test_suite(oracles: Path, backend: str, every: int, capsys: pytest.CaptureFixture[str]) -> None:
    cases = read_cases(oracles / "sbml-test-suite-half.tar.gz")
    assert len(cases) > 500
    cases = cases[::every]
    right, refused, wrong = 0, Counter[str](), []
    for case in cases:
        try:
            problem = wrong_at(case, backend)
        except UnsupportedFeature as error:
            refused[error.feature] += 1
            continue
        except RascadeError as error:
            problem = str(error)
        if problem:
            wrong.append(f"{case.name}: {problem}")
        else:
            right += 1
    with capsys.disabled():
        print(  # noqa: T201 - the one line that counts them
            f"\nSBML Test Suite, {backend}, {len(cases)} cases: right {right}, "
            f"refused by name {refused.total()} {dict(refused) or ''}, wrong {len(wrong)}"
        )
    assert not wrong, "\n".join(wrong)
    assert right == len(cases)  # the half that is there is in scope throughout
