"""The example studies: in a checkout beside ``src``, in an installed Rascade within the package."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rascade.errors import InputError, OutputError
from rascade.files import write_bytes
from rascade.text import did_you_mean

__all__ = ["DEMO", "Example", "copy_examples", "example", "examples"]

#: What ``rascade demo`` runs.
DEMO = "rasolute-302"

_VERBS = {
    "trial": "trial",
    "experiment": "experiment",
    "operating-characteristics": "power",
    "optimise": "optimise",
    "design": "design",
    "voi": "voi",
    "patient-course": "forecast",
    "regimens": "forecast",
}
_HERE = Path(__file__).resolve().parent
_PLACES = (_HERE / "example_files", _HERE.parents[2] / "studies")


@dataclass(frozen=True)
class Example:
    """A study file that comes with Rascade.

    Attributes:
        name: its place without the ending, such as ``experiments/wash-out``.
        path: the file.
        verb: of the command line that runs it.
        about: its title.
        needs: names of examples that it reads.
    """

    name: str
    path: Path
    verb: str
    about: str
    needs: tuple[str, ...] = ()


def examples() -> tuple[Example, ...]:
    """Return the example studies: trials first, then the others, each in order of name.

    Raises:
        InputError: this Rascade was installed without them.
    """
    folder = _folder()
    files = sorted(folder.rglob("*.yaml"), key=lambda path: (path.parent != folder, path))
    return tuple(_read(path, folder) for path in files)


def example(name: str) -> Example:
    """Find an example by its name; the part behind the last ``/`` is enough.

    Raises:
        InputError: there is none; the message says what was probably meant.
    """
    found = examples()
    wanted = name.removesuffix(".yaml").removeprefix("studies/")
    for one in found:
        if wanted in (one.name, one.name.rpartition("/")[2]):
            return one
    names = [one.name for one in found]
    hint = did_you_mean(wanted, names) or f"; there are {', '.join(names)}"
    raise InputError(f"no example is called {name!r}{hint}")


def copy_examples(chosen: Iterable[Example], folder: Path) -> list[Path]:
    """Copy examples to a folder, below it as they lie here, and what they read with them.

    Returns:
        The files that were written.

    Raises:
        OutputError: a file of another content has the name, or the folder cannot be written.
    """
    chosen = tuple(chosen)
    wanted = dict.fromkeys((*chosen, *(example(name) for one in chosen for name in one.needs)))
    work = {folder / f"{one.name}.yaml": one.path.read_bytes() for one in wanted}
    for target, content in work.items():
        if target.exists() and target.read_bytes() != content:
            raise OutputError(f"{target} is there already and differs; name another folder")
    for target, content in work.items():
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{target.parent} cannot be made: {error.strerror}") from error
        write_bytes(target, content)
    return list(work)


def _folder() -> Path:
    for place in _PLACES:
        if (place / f"{DEMO}.yaml").is_file():
            return place.resolve()
    raise InputError(
        f"the example studies are not there (looked in {_PLACES[0]}); install Rascade anew"
    )


def _read(path: Path, folder: Path) -> Example:
    text = path.read_text("utf-8")
    kind = _field(text, "kind")
    reads = re.findall(r"^ +study: *(\S+\.yaml)", text, re.MULTILINE)
    return Example(
        _name(path, folder),
        path,
        verb=_VERBS[kind],
        about=_field(text, "name"),
        needs=tuple(_name((path.parent / other).resolve(), folder) for other in reads),
    )


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix()


def _field(text: str, name: str) -> str:
    found = re.search(rf"^{name}: *(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else ""
