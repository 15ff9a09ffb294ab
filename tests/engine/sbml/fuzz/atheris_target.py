"""Coverage-guided fuzzing of the SBML reader: ``python atheris_target.py CORPUS [options]``.

The options are those of libFuzzer.

Half of the inputs are taken as documents, half as a recipe of damages to a good one, because few
random bytes get past the scan.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parent))
with atheris.instrument_imports(include=["rascade"]):
    from mutations import DAMAGES, SEEDS, read_here


def one_input(data: bytes) -> None:
    """Read one input."""
    if data.startswith(b"<"):
        read_here(data)
        return
    recipe = atheris.FuzzedDataProvider(data)
    document = recipe.PickValueInList(list(SEEDS))
    for _ in range(recipe.ConsumeIntInRange(1, 6)):
        damage = recipe.PickValueInList(list(DAMAGES))
        places = recipe.ConsumeIntInRange(0, 1 << 20), recipe.ConsumeIntInRange(0, 1 << 20)
        document = damage(document, *places) or b"<"
    read_here(document)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
