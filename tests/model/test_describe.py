import pytest

from rascade.errors import InputError, OutputError
from rascade.model import export_sbml, known_drugs, load_table
from rascade.model.describe import describe, list_model
from rascade.model.diagram import merge_diagrams


def test_a_parameter_tells_value_unit_range_and_source() -> None:
    found = describe("daraxonrasib.CL")
    facts = dict(found.lines)
    assert facts["value"] == "80.4 L/h"
    assert "220910" in facts["source"] or "daraxonrasib" in facts["source"]
    assert any("CL / V" in statement for _, statement in found.equations)


def test_a_species_tells_its_genes_and_equations() -> None:
    found = describe("pERK")
    assert dict(found.lines)["genes"] == "MAPK3, MAPK1"
    assert ("mapk", "-> pERK") in [
        (name, statement.partition(":")[2].partition(";")[0].strip())
        for name, statement in found.equations
    ]
    assert describe("pERK_sensitive").label == found.label
    assert describe("mapk").kind == "mechanism"


def test_an_unknown_name_gets_suggestions() -> None:
    with pytest.raises(InputError, match=r"did you mean .*pERK"):
        describe("pERKK")


def test_the_list_holds_every_drug_and_parameter() -> None:
    listing = list_model()
    assert listing["drugs"] == list(known_drugs())
    assert len(listing["parameters"]) == len(load_table())
    assert listing["states"] > 80


def test_the_drawing_has_no_loose_ends() -> None:
    from rascade.model import assemble

    drawing = merge_diagrams(
        [assemble(["daraxonrasib"]), assemble(["pembrolizumab", "gemcitabine"])]
    )
    names = {node["id"] for node in drawing["nodes"]}
    assert {"daraxonrasib", "pembrolizumab", "gemcitabine"} <= names
    for edge in drawing["edges"]:
        assert {edge["source"], edge["target"]} <= names
        assert edge["kind"] in {"activates", "inhibits", "binds", "produces"}
    assert {"source": "daraxonrasib", "target": "KRAS_GTP", "kind": "binds"} in drawing["edges"]


def test_export_writes_whole_files_only(tmp_path) -> None:
    target = tmp_path / "model.xml"
    export_sbml(["daraxonrasib"], target)
    assert target.read_text().startswith("<?xml")
    assert [p.name for p in tmp_path.iterdir()] == ["model.xml"]
    with pytest.raises(OutputError, match="cannot be written"):
        export_sbml(["daraxonrasib"], tmp_path / "missing" / "model.xml")


def test_a_drug_s_parameter_shows_the_mechanisms_of_that_drug_only() -> None:
    places = {name for name, _ in describe("daraxonrasib.CL").equations}
    assert places == {"pk_oral_two_compartment"}
    assert {name for name, _ in describe("gemcitabine.CL").equations} == {"pk_iv_two_compartment"}
    for name in ("elimination_gemcitabine", "irinotecan.CL_formation", "trametinib.Q"):
        drug = next(drug for drug in known_drugs() if drug in name)
        found = {place for place, _ in describe(name).equations}
        assert found and found <= {*known_drugs()[drug].mechanisms, "culture_medium"}, name
    assert len({name for name, _ in describe("plasma").equations}) > 3
