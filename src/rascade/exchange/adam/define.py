"""``define.xml``: the definition of the data sets as Define-XML 2.1, made with odmlib.

What describes the transport files: where these hold a label for a name, the code list of the
variable decodes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade import RESEARCH_USE, __version__
from rascade.exchange.adam.variables import (
    DATASETS,
    CodeList,
    code_lists,
    parameters_of,
    variables_of,
)

if TYPE_CHECKING:
    import pandas as pd

    from rascade.exchange.adam.names import Labels
    from rascade.exchange.adam.variables import Variable

__all__ = ["write_define"]

_STRUCTURES: Mapping[str, tuple[str, str, str]] = {
    "ADSL": ("SUBJECT LEVEL ANALYSIS DATASET", "", "One record per subject"),
    "ADTTE": ("BASIC DATA STRUCTURE", "TIME-TO-EVENT", "One record per subject and parameter"),
    "ADRS": ("BASIC DATA STRUCTURE", "", "One record per subject, parameter and visit"),
    "ADTR": ("BASIC DATA STRUCTURE", "", "One record per subject, parameter, lesion and visit"),
    "ADAE": ("OCCURRENCE DATA STRUCTURE", "ADVERSE EVENT", "One record per subject and event"),
}
_MADE = "2000-01-01T00:00:00"  # equal trials give equal bytes: no clock
_STANDARD, _METHOD = "STD.ADAMIG", "MT.TABLES"
_FROM_TABLES = "From the tables of the simulated trial, as the page on ADaM data sets says."
_DECODED = {0: "Event", 1: "Censored"}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_define(path: Path, datasets: Mapping[str, pd.DataFrame], labels: Labels) -> None:
    """Write the definition of some data sets.

    Args:
        path: of the file.
        datasets: as `build_datasets` returns them.
        labels: from `labels_of`.
    """
    text = _document(datasets, labels).to_xml_string(xml_declaration=True)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def _text(value: object) -> str:
    return _NOT_XML.sub(" ", str(value))


def _described(value: object) -> Any:
    from odmlib.define_2_1 import model

    words = model.TranslatedText(lang="en", _content=_text(value))
    return model.Description(TranslatedText=[words])


@dataclass
class _Lists:
    """The code lists of the definition, each made once.

    Attributes:
        labels: names that transport files hold as labels.
        datasets: the data sets.
    """

    labels: Labels
    datasets: Mapping[str, pd.DataFrame]
    made: dict[str, Any] = field(default_factory=dict)

    def of(self, dataset: str, variable: Variable) -> str:
        """Return the identifier of a variable's code list, made if needed; empty if it has none."""
        if variable.name == "PARAMCD":
            name = f"CL.{dataset}.PARAMCD"
            codes = {code: text for code, (text, _) in parameters_of(dataset).items()}
            return self._decoded(name, f"Parameters of {dataset}", codes)
        if variable.names in ("arm", "site", "stratum"):
            return self._names(variable.names)
        if variable.terms in code_lists():
            return self._terms(code_lists()[variable.terms])
        return ""

    def _names(self, kind: str) -> str:
        """Return the list of all names of a kind, each with the label that stands for it."""
        labels = self.labels.get(kind, {})
        names: set[str] = set()
        for dataset, table in self.datasets.items():
            for variable in variables_of(dataset, table.columns):
                if variable.names == kind:
                    names.update(table[variable.name].unique())
        codes = {labels.get(name, name): name for name in sorted(names - {""})}
        title = {"arm": "Treatments", "site": "Sites", "stratum": "Strata and their factors"}[kind]
        return self._decoded(f"CL.{kind.upper()}", title, codes) if codes else ""

    def _decoded(self, oid: str, title: str, codes: Mapping[str, str]) -> str:
        from odmlib.define_2_1 import model

        items = []
        for code, name in codes.items():
            words = model.TranslatedText(lang="en", _content=_text(name))
            decode = model.Decode(TranslatedText=[words])
            items.append(model.CodeListItem(CodedValue=_text(code), Decode=decode))
        self.made.setdefault(
            oid,
            model.CodeList(
                OID=oid, Name=title, DataType="text", IsNonStandard="Yes", CodeListItem=items
            ),
        )
        return oid

    def _terms(self, terms: CodeList) -> str:
        from odmlib.define_2_1 import model

        oid = f"CL.{terms.name.upper()}"
        if oid in self.made:
            return oid
        own: dict[str, Any] = {"OID": oid, "Name": terms.title, "DataType": "text"}
        own |= {"StandardOID": _terminology(terms)} if terms.code else {"IsNonStandard": "Yes"}
        if all(isinstance(term, int) for term in terms.terms):
            own["DataType"] = "integer"
            own["CodeListItem"] = [
                model.CodeListItem(
                    CodedValue=str(term),
                    Decode=model.Decode(
                        TranslatedText=[
                            model.TranslatedText(lang="en", _content=_DECODED[int(term)])
                        ]
                    ),
                )
                for term in terms.terms
            ]
        else:
            values = [str(term) for term in terms.terms if term != ""]
            own["EnumeratedItem"] = [model.EnumeratedItem(CodedValue=value) for value in values]
        if terms.code:
            own["Alias"] = [model.Alias(Context="nci:ExtCodeID", Name=terms.code)]
        self.made[oid] = model.CodeList(**own)
        return oid


def _terminology(terms: CodeList) -> str:
    return f"STD.CT.{terms.standard.upper()}"


def _standards() -> Any:
    from odmlib.define_2_1 import model

    standard = model.Standard
    found = [standard(OID=_STANDARD, Name="ADaMIG", Type="IG", Version="1.3", Status="Final")]
    published = {_terminology(one): one for one in code_lists().values() if one.code}
    for oid, one in published.items():
        found.append(
            standard(
                OID=oid,
                Name="CDISC/NCI",
                Type="CT",
                PublishingSet=one.standard,
                Version=one.version,
                Status="Final",
            )
        )
    return model.Standards(Standard=found)


def _item(dataset: str, variable: Variable, values: pd.Series[Any], lists: _Lists) -> Any:
    """Return the definition of a variable."""
    from odmlib.define_2_1 import model

    own: dict[str, Any] = {
        "OID": f"IT.{dataset}.{variable.name}",
        "Name": variable.name,
        "SASFieldName": variable.name,
        "Description": _described(variable.label),
        "Origin": [model.Origin(Type=variable.origin, Source="Sponsor")],
    }
    if variable.type == "text":
        own |= {"DataType": "text", "Length": variable.length}
    elif variable.type == "date":
        own |= {"DataType": "integer", "Length": 8, "DisplayFormat": "DATE9."}
    elif (values.dropna() % 1 == 0).all():
        own |= {"DataType": "integer", "Length": 8}
    else:
        own |= {"DataType": "float", "Length": 8, "SignificantDigits": 9}
    code_list = lists.of(dataset, variable)
    if code_list:
        own["CodeListRef"] = model.CodeListRef(CodeListOID=code_list)
    if variable.comment and variable.origin != "Derived":
        own["CommentOID"] = f"COM.{dataset}.{variable.name}"
    return model.ItemDef(**own)


def _references(dataset: str, variables: Iterable[Variable]) -> Iterator[Any]:
    from odmlib.define_2_1 import model

    key = 0
    for number, variable in enumerate(variables, start=1):
        own: dict[str, Any] = {
            "ItemOID": f"IT.{dataset}.{variable.name}",
            "OrderNumber": number,
            "Mandatory": "Yes" if variable.key else "No",
        }
        if variable.key:
            key += 1
            own["KeySequence"] = key
        if variable.origin == "Derived":
            method = f"MT.{dataset}.{variable.name}" if variable.comment else _METHOD
            own["MethodOID"] = method
        yield model.ItemRef(**own)


def _group(dataset: str, table: pd.DataFrame) -> Any:
    """Return the definition of a data set."""
    from odmlib.define_2_1 import model

    kind, below, structure = _STRUCTURES[dataset]
    parts = {"SubClass": [model.SubClass(Name=below)]} if below else {}
    file = f"{dataset.lower()}.xpt"
    return model.ItemGroupDef(
        OID=f"IG.{dataset}",
        Name=dataset,
        SASDatasetName=dataset,
        Repeating="No" if dataset == "ADSL" else "Yes",
        IsReferenceData="No",
        Purpose="Analysis",
        Structure=structure,
        ArchiveLocationID=f"LF.{dataset}",
        StandardOID=_STANDARD,
        **({} if len(table) else {"HasNoData": "Yes"}),
        Description=_described(DATASETS[dataset]),
        ItemRef=list(_references(dataset, variables_of(dataset, table.columns))),
        Class=model.Class(Name=kind, **parts),
        leaf=model.leaf(ID=f"LF.{dataset}", href=file, title=model.title(_content=file)),
    )


def _methods(dataset: str, variables: Iterable[Variable]) -> Iterator[Any]:
    from odmlib.define_2_1 import model

    for variable in variables:
        if variable.origin == "Derived" and variable.comment:
            yield model.MethodDef(
                OID=f"MT.{dataset}.{variable.name}",
                Name=f"{dataset}.{variable.name}",
                Type="Computation",
                Description=_described(variable.comment),
            )


def _document(datasets: Mapping[str, pd.DataFrame], labels: Labels) -> Any:
    """Return the whole definition as an odmlib document."""
    from odmlib.define_2_1 import model

    lists = _Lists(labels, datasets)
    general = model.MethodDef(
        OID=_METHOD, Name="Tables", Type="Computation", Description=_described(_FROM_TABLES)
    )
    items, groups, methods, comments = [], [], [general], []
    for dataset, table in datasets.items():
        own = variables_of(dataset, table.columns)
        groups.append(_group(dataset, table))
        items += [_item(dataset, v, table[v.name], lists) for v in own]
        methods += _methods(dataset, own)
        comments += [
            model.CommentDef(OID=f"COM.{dataset}.{v.name}", Description=_described(v.comment))
            for v in own
            if v.comment and v.origin != "Derived"
        ]
    adsl = datasets["ADSL"]
    study = str(adsl["STUDYID"].iloc[0]) if len(adsl) else "STUDY"
    version = model.MetaDataVersion(
        OID=f"MDV.{study}",
        Name=f"Analysis data sets of {study}",
        Description=_text(f"Simulated data. {RESEARCH_USE}"),
        DefineVersion="2.1.0",
        Standards=_standards(),
        ItemGroupDef=groups,
        ItemDef=items,
        CodeList=list(lists.made.values()),
        MethodDef=methods,
        CommentDef=comments,
    )
    about = model.GlobalVariables(
        StudyName=model.StudyName(_content=study),
        StudyDescription=model.StudyDescription(_content="A simulated trial"),
        ProtocolName=model.ProtocolName(_content=study),
    )
    return model.ODM(
        FileOID=f"DEFINE.{study}",
        FileType="Snapshot",
        CreationDateTime=_MADE,
        ODMVersion="1.3.2",
        Originator="Rascade",
        SourceSystem="Rascade",
        SourceSystemVersion=__version__,
        Context="Other",
        Study=model.Study(OID=f"STU.{study}", GlobalVariables=about, MetaDataVersion=version),
    )
