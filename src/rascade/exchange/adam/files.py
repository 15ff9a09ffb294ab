"""Write the data sets as Parquet, CSV and transport files (XPT, version 5), and read them back.

Names stand in Parquet and CSV as they were given. Transport files hold a label for each that they
cannot hold; ``names.csv`` says which, and is read with them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade import RESEARCH_USE, __version__
from rascade.errors import InputError, OutputError
from rascade.exchange.adam.check import check_datasets
from rascade.exchange.adam.fault import Fault
from rascade.exchange.adam.names import labels_of
from rascade.exchange.adam.variables import DATASETS, controlled_terms, variables_of
from rascade.files import new_file

if TYPE_CHECKING:
    import pandas as pd

    from rascade.exchange.adam.names import Labels

__all__ = ["FORMATS", "check_folder", "read_datasets", "write_datasets"]

FORMATS = ("parquet", "csv", "xpt")
DEFINITION, DEFINE_XML, NAMES = "define.json", "define.xml", "names.csv"
_SAS_EPOCH = np.datetime64("1960-01-01", "D")
_STAMP = re.compile(rb"\d\d[A-Z]{3}\d\d:\d\d:\d\d:\d\d")
_FIXED_STAMP = b"01JAN00:00:00:00"
_HEADER_BYTES = 640  # where a version 5 file keeps the times of its making


def write_datasets(folder: str | Path, datasets: Mapping[str, pd.DataFrame]) -> list[Path]:
    """Write every data set in every format, and their definition.

    Equal data sets give equal bytes: the time of making in transport files is a constant.

    Args:
        folder: made if it is missing.
        datasets: as `build_datasets` returns them.

    Returns:
        The files.

    Raises:
        InputError: a data set breaks a rule; nothing is written.
        OutputError: the folder cannot be written.
    """
    faults = check_datasets(datasets)
    if faults:
        raise InputError(f"the data sets break a rule and were not written: {faults[0]}")
    from rascade.exchange.adam.define import write_define

    place = Path(folder)
    labels = labels_of(datasets)
    work: dict[str, Callable[[Path], object]] = {}
    for name, table in datasets.items():
        stem = name.lower()
        plain = _with_labels(name, table, labels)
        work[f"{stem}.parquet"] = partial(_write_parquet, dataset=name, table=table)
        work[f"{stem}.csv"] = partial(_write_csv, table=table)
        work[f"{stem}.xpt"] = partial(_write_xpt, dataset=name, table=plain)
    work[NAMES] = partial(_write_names, labels=labels)
    work[DEFINITION] = partial(_write_definition, datasets=datasets)
    work[DEFINE_XML] = partial(write_define, datasets=datasets, labels=labels)
    try:
        place.mkdir(parents=True, exist_ok=True)
        for file, write in work.items():
            with new_file(place / file) as temporary:
                write(temporary)
    except OSError as error:
        raise OutputError(f"{place}: cannot be written ({error.strerror or error})") from error
    return [place / file for file in work]


def _write_parquet(path: Path, dataset: str, table: pd.DataFrame) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"text": pa.string(), "number": pa.float64(), "date": pa.date32()}
    arrays, fields = [], []
    for variable in variables_of(dataset, table.columns):
        values = pa.array(table[variable.name], from_pandas=True)
        arrays.append(values.cast(kinds[variable.type]))
        meta = {"label": variable.label}
        fields.append(pa.field(variable.name, kinds[variable.type], metadata=meta))
    schema = pa.schema(fields, metadata={"label": DATASETS[dataset]})
    data = pa.Table.from_arrays(arrays, schema=schema)
    pq.write_table(data, path, compression="zstd", version="2.6", store_schema=True)


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    table.to_csv(path, index=False, date_format="%Y-%m-%d", lineterminator="\n")


def _write_xpt(path: Path, dataset: str, table: pd.DataFrame) -> None:
    import pyreadstat

    plain = table.copy()
    formats = {}
    for variable in variables_of(dataset, table.columns):
        if variable.type == "date":
            plain[variable.name] = _sas_days(table[variable.name])
            formats[variable.name] = "DATE9."
    pyreadstat.write_xport(
        plain,
        str(path),
        file_label=DATASETS[dataset],
        column_labels={v.name: v.label for v in variables_of(dataset, table.columns)},
        table_name=dataset,
        file_format_version=5,
        variable_format=formats,
    )
    with path.open("rb+") as file:
        head = file.read(_HEADER_BYTES)
        file.seek(0)
        file.write(_STAMP.sub(_FIXED_STAMP, head))


def _sas_days(dates: pd.Series[Any]) -> pd.Series[Any]:
    """Return dates as days since 1960-01-01, NaN where there is none."""
    days: pd.Series[Any] = (dates - _SAS_EPOCH.astype("datetime64[s]")).dt.days.astype(float)
    return days


def _with_labels(dataset: str, table: pd.DataFrame, labels: Labels) -> pd.DataFrame:
    """Return a table with a label for each name that transport files cannot hold."""
    found = {
        v.name: _mapped(table[v.name], labels[v.names])
        for v in variables_of(dataset, table.columns)
        if v.names and labels[v.names]
    }
    return table.assign(**found) if found else table


def _mapped(values: pd.Series[Any], words: Mapping[str, str]) -> pd.Series[Any]:
    mapped: pd.Series[Any] = values.map(lambda text: words.get(text, text)).astype(object)
    return mapped


def _write_names(path: Path, labels: Labels) -> None:
    import pandas as pd

    rows = [(kind, label, name) for kind, own in labels.items() for name, label in own.items()]
    table = pd.DataFrame(rows, columns=["kind", "label", "name"])
    table.to_csv(path, index=False, lineterminator="\n")


def _read_names(folder: Path) -> Labels:
    """Return kind -> label -> name of a folder; none if it has no such file."""
    import pandas as pd

    path = folder / NAMES
    found: dict[str, dict[str, str]] = {}
    if path.is_file():
        for row in pd.read_csv(path, dtype=str, keep_default_na=False).itertuples(index=False):
            found.setdefault(str(row.kind), {})[str(row.label)] = str(row.name)
    return found


def _write_definition(path: Path, datasets: Mapping[str, pd.DataFrame]) -> None:
    terms = controlled_terms()
    content = {
        "research_use": RESEARCH_USE,
        "rascade_version": __version__,
        "standard": "shaped after the CDISC ADaM Implementation Guide 1.3; simulated data",
        "datasets": {
            name: {
                "label": DATASETS[name],
                "records": len(table),
                "variables": [
                    {
                        "name": v.name,
                        "label": v.label,
                        "type": v.type,
                        "length": v.length,
                        "key": v.key,
                        "terms": list(terms[v.terms]) if v.terms else None,
                        "origin": v.origin,
                        "comment": v.comment,
                    }
                    for v in variables_of(name, table.columns)
                ],
            }
            for name, table in datasets.items()
        },
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read_datasets(folder: str | Path, suffix: str = "parquet") -> dict[str, pd.DataFrame]:
    """Read the data sets of a folder in one of their formats.

    Args:
        folder: as `write_datasets` wrote it.
        suffix: one of `FORMATS`.

    Returns:
        Data set -> table with dates as ``datetime64``, missing texts empty, and names as the user
        gave them where ``names.csv`` is there; data sets that are not there are left out.

    Raises:
        InputError: the folder has none, or a file cannot be read.
    """
    place = Path(folder)
    found = {}
    names = _read_names(place) if suffix == "xpt" else {}
    for name in DATASETS:
        path = place / f"{name.lower()}.{suffix}"
        if path.is_file():
            try:
                found[name] = _with_names(name, _typed(name, _READERS[suffix](path)), names)
            except Exception as error:
                raise InputError(f"{path}: cannot be read ({error})") from error
    if not found:
        raise InputError(
            f"{place}: no data set there as .{suffix}; "
            "rascade adam write RUN --out DIR makes them from the folder of a trial"
        )
    return found


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    return pd.read_parquet(path)


def _read_csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _read_xpt(path: Path) -> pd.DataFrame:
    import pyreadstat

    table: pd.DataFrame = pyreadstat.read_xport(str(path))[0]
    return table


_READERS: Mapping[str, Callable[[Path], Any]] = {
    "parquet": _read_parquet,
    "csv": _read_csv,
    "xpt": _read_xpt,
}


def _typed(dataset: str, table: pd.DataFrame) -> pd.DataFrame:
    """Give columns the types that `build_datasets` gives them, whatever the format kept of them."""
    import pandas as pd

    columns: dict[str, Any] = {}
    kinds = {variable.name: variable.type for variable in variables_of(dataset)}
    for name in table.columns:
        values = table[name]
        kind = kinds.get(str(name), "text")
        if kind == "text":
            columns[name] = values.fillna("").astype(str).astype(object)
        elif kind == "date":
            dates = values.replace("", None) if values.dtype == object else values
            columns[name] = pd.to_datetime(dates).astype("datetime64[s]")
        else:
            columns[name] = pd.to_numeric(values.replace("", None)).astype(float)
    return pd.DataFrame(columns)


def _with_names(dataset: str, table: pd.DataFrame, names: Labels) -> pd.DataFrame:
    """Return a table with the names that the labels of transport files stand for."""
    for variable in variables_of(dataset, table.columns):
        own = names.get(variable.names, {})
        if own and variable.name in table:
            table[variable.name] = _mapped(table[variable.name], own)
    return table


def check_folder(folder: str | Path) -> tuple[dict[str, pd.DataFrame], list[Fault]]:
    """Check the data sets of a folder, and that all formats hold the same.

    Returns:
        The data sets as read from Parquet (or from the first format that is there), and faults.

    Raises:
        InputError: there is no data set, or a file cannot be read.
    """
    place = Path(folder)
    if not place.is_dir():
        raise InputError(f"{place}: no such folder; name the folder with adsl.parquet in it")
    there = [s for s in FORMATS if any((place / f"{n.lower()}.{s}").is_file() for n in DATASETS)]
    if not there:
        read_datasets(place)  # says what is missing
    base = read_datasets(place, there[0])
    faults = check_datasets(base)
    for suffix in there[1:]:
        other, said = read_datasets(place, suffix), len(faults)
        for name in DATASETS:
            if (name in base) != (name in other):
                rule = f"is there as .{there[0]} or as .{suffix}, but not as both"
                faults.append(Fault(name, "-", rule))
            elif name in base:
                faults += _same(name, base[name], other[name], f".{there[0]} and .{suffix}")
        if len(faults) > said:
            # What differs may be wrong here, and right in the format that was checked first.
            known = set(faults)
            anew = [fault for fault in check_datasets(other) if fault not in known]
            faults += [replace(fault, rule=f"in .{suffix}: {fault.rule}") for fault in anew]
    return base, faults


def _same(dataset: str, one: pd.DataFrame, other: pd.DataFrame, which: str) -> list[Fault]:
    if list(one.columns) != list(other.columns) or len(one) != len(other):
        return [Fault(dataset, "-", f"{which} differ in variables or in the number of records")]
    faults = []
    for name in one.columns:
        a, b = one[name], other[name]
        if a.dtype.kind == "f":
            # Transport files keep numbers in IBM's format, to about 16 digits.
            x, y = a.to_numpy(), b.to_numpy()
            same = (np.isnan(x) & np.isnan(y)) | (np.abs(x - y) <= 1e-12 * np.maximum(1, np.abs(x)))
        else:
            same = ((a == b) | (a.isna() & b.isna())).to_numpy()
        if not same.all():
            rule = f"{which} differ"
            faults.append(
                Fault(
                    dataset, str(name), rule, int((~same).sum()), f"record {int(np.argmin(same))}"
                )
            )
    return faults
