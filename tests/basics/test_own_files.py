"""Every reader of a user's file says the same of a folder, a missing, large or binary file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rascade.errors import InputError


def readers() -> dict[str, Callable[[Path], Any]]:
    from rascade.exchange.own.curves import read_curve
    from rascade.exchange.own.sizes import read_sizes
    from rascade.model.own import load_own_drug
    from rascade.regimen.nonmem.file import read_nonmem
    from rascade.studies.files.forecast import maf_variants
    from rascade.studies.files.load import read_study_text
    from rascade.studies.files.own_patients import read_patient_table

    return {
        "drug": load_own_drug,
        "study": read_study_text,
        "patients": read_patient_table,
        "curve": read_curve,
        "sizes": read_sizes,
        "NONMEM": read_nonmem,
        "MAF": maf_variants,
    }


@pytest.mark.parametrize("name", readers())
def test_every_reader_refuses_in_one_line(name: str, tmp_path: Path) -> None:
    read = readers()[name]
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    binary, text = tmp_path / "latin.yaml", tmp_path / "null.csv"
    binary.write_bytes(b"a,b\n1,2\n\xff\xfe,3\n")
    text.write_bytes(b"\xef\xbb\xbfa,b\n1,\0\n")
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(80 * 2**20)  # no block of it is stored
    told = {
        folder: "is a folder; give ",
        tmp_path / "latim.yaml": r"latim\.yaml: no such file; did you mean .*latin\.yaml",
        binary: r"latin\.yaml:3: not UTF-8 text; save the file as UTF-8",
        text: r"null\.csv:2: no text, it holds NUL characters",
        large: "is larger than .*; expected ",
    }
    for path, says in told.items():
        with pytest.raises(InputError, match=says) as caught:
            read(path)
        assert "\n" not in str(caught.value)
        assert str(caught.value).startswith(str(path))
