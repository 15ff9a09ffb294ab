import pytest

from rascade.errors import ModelFileError
from rascade.model.mechanisms import _parse, load_mechanisms, rename_symbols, symbols_in


@pytest.mark.parametrize("name", sorted(load_mechanisms()))
def test_every_mechanism_is_valid_antimony_by_itself(name: str) -> None:
    import antimony

    mechanism = load_mechanisms()[name]
    ports = ", ".join(sorted(mechanism.ports))
    text = f"model {name}({ports})\n" + ";\n".join(mechanism.statements) + ";\nend\n"
    antimony.clearPreviousLoads()
    assert antimony.loadAntimonyString(text) >= 0, antimony.getLastError()


@pytest.mark.parametrize("name", sorted(load_mechanisms()))
def test_every_mechanism_says_what_it_is(name: str) -> None:
    mechanism = load_mechanisms()[name]
    assert len(mechanism.description.split()) >= 5
    assert mechanism.per in {"system", "drug", "clone", "drug and clone"}
    assert set(mechanism.adds.values()) <= mechanism.own


def test_no_number_stands_in_a_mechanism_without_a_name() -> None:
    # 0, 1 and 2 are structure (empty, whole, dimer); anything else belongs into the table.
    import re

    for mechanism in load_mechanisms().values():
        for statement in mechanism.statements:
            numbers = re.findall(r"(?<![\w.])\d+\.?\d*(?:e-?\d+)?(?![\w.])", statement)
            assert set(numbers) <= {"0", "1", "2"}, f"{mechanism.name}: {statement}"


def test_renaming_touches_whole_symbols_only() -> None:
    text = "binding: KRAS + KRAS_GTP -> ; cell * KRAS * k_KRAS"
    renamed = rename_symbols(text, {"KRAS": "KRAS_normal"})
    assert renamed == "binding: KRAS_normal + KRAS_GTP -> ; cell * KRAS_normal * k_KRAS"
    assert symbols_in("substanceOnly species A in body") == {"A", "body"}


def test_a_file_without_a_header_is_refused() -> None:
    with pytest.raises(ModelFileError, match=r"broken\.ant: no 'model broken"):
        _parse("broken", "species A in cell;", {"title": "t", "per": "clone"})
    with pytest.raises(ModelFileError, match=r"broken\.ant:2: the model must be named broken"):
        _parse("broken", "// about\nmodel other()\nend", {"title": "t", "per": "clone"})
