"""Cell lines: every number has a source, names are forgiving, genotypes reach the parameters."""

from __future__ import annotations

import csv
import io
from importlib.resources import files

import pytest

from rascade.bench.cells import (
    NUMBERS,
    Cells,
    cell_lines,
    cell_parameters,
    find_cell_line,
    parse_cell_lines,
    typical_doubling_hours,
)
from rascade.errors import EvidenceError, InputError
from rascade.model import known_alleles, load_alleles, load_table

TEXT = (files("rascade.bench") / "data" / "cell_lines.csv").read_text("utf-8")


def _changed(name: str, **values: str) -> str:
    rows = list(csv.DictReader(io.StringIO(TEXT)))
    for row in rows:
        if row["name"] == name:
            row.update(values)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def test_the_lines_of_the_issue_are_there() -> None:
    alleles = {
        "MIA PaCa-2": ("G12C", "homozygous"),
        "AsPC-1": ("G12D", "homozygous"),
        "PANC-1": ("G12D", "heterozygous"),
        "Capan-1": ("G12V", "homozygous"),
        "Capan-2": ("G12V", "heterozygous"),
        "BxPC-3": ("WT", "wild type"),
        "HPAF-II": ("G12D", "heterozygous"),
        "SU.86.86": ("G12D", "heterozygous"),
        "PSN-1": ("G12R", "homozygous"),
        "NCI-H358": ("G12C", "heterozygous"),
    }
    found = {name: (line.kras_allele, line.zygosity) for name, line in cell_lines().items()}
    assert alleles.items() <= found.items()


def test_every_number_has_a_source() -> None:
    for line in cell_lines().values():
        assert line.kras_allele in known_alleles()
        assert line.source["genotype"]
        for column, label in NUMBERS.items():
            if getattr(line, column) is not None:
                assert line.source[label], (line.name, column)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"source": "genotype: RRID:CVCL_0428; share: one"}, "doubling_hours: 40 has no source"),
        ({"receptor_level": "2"}, "receptor_level: 2 has no source"),
        ({"source": "share: one; doubling: two"}, "source: add 'genotype"),
        ({"doubling_hours": "forty"}, "doubling_hours: 'forty' is not a number"),
        ({"kras_share": "-0.5"}, "kras_share: -0.5 must be above zero"),
        ({"kras_allele": "G12Z"}, "kras_allele: no allele 'G12Z'"),
        ({"confidence": "sure"}, "confidence: 'sure'"),
    ],
)
def test_a_bad_row_is_refused(changes: dict[str, str], says: str) -> None:
    with pytest.raises(EvidenceError, match=r"cells\.csv:2: MIA PaCa-2: ") as caught:
        parse_cell_lines(_changed("MIA PaCa-2", **changes), "cells.csv")
    assert says in str(caught.value)


@pytest.mark.parametrize("name", ["MIA PaCa-2", "miapaca2", "MIA-PaCa 2", "MiaPaCa2"])
def test_spelling_does_not_matter(name: str) -> None:
    assert find_cell_line(name).name == "MIA PaCa-2"


def test_an_unknown_line_gets_a_hint() -> None:
    with pytest.raises(InputError, match="did you mean 'Capan-1'"):
        find_cell_line("Capan1x")
    with pytest.raises(InputError, match="known: MIA PaCa-2"):
        find_cell_line("qqqqqq")


def test_genotype_becomes_parameters() -> None:
    values, unknown = cell_parameters(
        Cells("x", "G12C", 0.5, 2.0, {"PTEN": "null", "TP53": "R248W"})
    )
    assert values["cysteine"] == load_alleles()["G12C"].values["cysteine"] == 1
    assert (values["KRAS_share"], values["RTK_level"], values["PTEN_level"]) == (0.5, 2.0, 0.0)
    assert unknown == ["TP53 R248W"]
    braf, _ = cell_parameters(Cells("y", "WT", genes=find_cell_line("BxPC-3").genes))
    assert braf["bypass_RAF"] == load_table()["deletion_bypass"].value
    with pytest.raises(InputError, match="no KRAS allele 'G12Z'"):
        cell_parameters(Cells("z", "G12Z"))


def test_typical_doubling_is_that_of_the_lines() -> None:
    known = sorted(x.doubling_hours for x in cell_lines().values() if x.doubling_hours)
    assert known[0] < typical_doubling_hours() < known[-1]


@pytest.mark.parametrize("name", ["genes.csv", "constants.csv"])
def test_every_row_of_the_small_tables_has_a_source(name: str) -> None:
    text = (files("rascade.bench") / "data" / name).read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows
    assert all(row["source"].strip() and row["value"].strip() for row in rows)
