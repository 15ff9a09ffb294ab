"""ADSL: one record a subject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.exchange.adam.names import study_identifier
from rascade.exchange.adam.source import FIRST_DAY, dates
from rascade.exchange.adam.variables import dispositions
from rascade.units import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd

    from rascade.exchange.adam.source import AdamSource

__all__ = ["numbers", "subject_records", "texts"]

_FACTOR = "stratum_"
_MOST_FACTORS = 6


def numbers(table: pd.DataFrame, name: str) -> pd.Series[Any]:
    """Return a column of numbers; missing everywhere where the table lacks it."""
    import pandas as pd

    if name in table:
        return table[name].astype(float)
    return pd.Series(np.nan, index=table.index)


def texts(table: pd.DataFrame, name: str) -> pd.Series[Any]:
    """Return a column of texts; empty everywhere where the table lacks it."""
    import pandas as pd

    if name in table:
        return table[name].fillna("").astype(str)
    return pd.Series("", index=table.index, dtype=object)


def subject_records(source: AdamSource) -> pd.DataFrame:
    """Return the records of ADSL, and ``patient`` and ``second_day`` beside its variables.

    ``second_day`` is the day, after the first dose, on which another treatment began; NaN where
    none did.
    """
    import pandas as pd

    own = source.patients.reset_index(drop=True)
    study = study_identifier(source.study, *source.arms, source.identity)
    number = own["patient"].astype(int).map("{:06d}".format).astype(object)
    entry = numbers(own, "entry_day").fillna(0.0)
    first = dates(pd.Series(pd.Timestamp(FIRST_DAY), index=own.index), entry)
    hours = entry - (first - pd.Timestamp(FIRST_DAY)).dt.days
    lived = own["os_months"].astype(float) * DAYS_PER_MONTH
    died = own["os_event"].astype(bool) & lived.notna()
    alive = dates(first, lived)
    record = pd.DataFrame(
        {
            "patient": own["patient"],
            "STUDYID": study,
            "USUBJID": study + "-" + number,
            "SUBJID": number,
            "SITEID": own["centre"].astype(str) if "centre" in own else "SIM",
            "ITTFL": "Y",
            "SAFFL": "Y",
            "RANDDT": first,
            "TRTSDT": first,
            "DTHFL": np.where(died, "Y", ""),
            "DTHDT": alive.where(died),
            "LSTALVDT": alive,
            # The cut is one day of the calendar: entry and time since are added before rounding.
            "DCUTDT": dates(first, hours + numbers(own, "data_cut_day")),
            "CTCAEVER": source.ctcae_version,
        }
    )
    parts = (
        _treatments(source, own, first, lived),
        _end_of_treatment(own, lived),
        _end_of_study(own, first, lived, died),
        _baseline(own),
        _strata(own),
    )
    return pd.concat([record, *parts], axis=1)


def _treatments(
    source: AdamSource, own: pd.DataFrame, first: pd.Series[Any], lived: pd.Series[Any]
) -> pd.DataFrame:
    """Return arm and treatments of both periods; the second is a crossover or a rescue."""
    import pandas as pd

    arm = own["arm"].astype(str)
    crossed = numbers(own, "crossover_day")
    began = numbers(own, "other_treatment_day").fillna(crossed)
    rescued = texts(own, "other_treatment_kind") == "rescue"
    second = texts(own, "crossover_arm").where(~rescued, texts(own, "other_treatment_regimen"))
    second = second.where(began.notna(), "")
    order = list(dict.fromkeys([*source.arms, *sorted(set(second) - {""})]))
    place = {name: float(k) for k, name in enumerate(order, start=1)}
    ended = numbers(own, "treatment_end_day").fillna(lived)
    over = numbers(own, "other_treatment_end_day").fillna(lived).where(began.notna())
    last = ended.where(over.isna() | (ended >= over), over)
    return pd.DataFrame(
        {
            "ARMCD": "ARM" + arm.map(place).map("{:.0f}".format).astype(object),
            "ARM": arm,
            "TRT01P": arm,
            "TRT01PN": arm.map(place),
            "TRT01A": arm,
            "TRT01AN": arm.map(place),
            "TRT02P": second,
            "TRT02PN": second.map(place),
            "TRT02A": second,
            "TRT02AN": second.map(place),
            "second_day": began,
            # Treatment that goes on at the end of follow-up ends with it in these data.
            "TRTEDT": dates(first, last.clip(upper=lived)),
            "TR01SDT": first,
            "TR01EDT": dates(first, ended.clip(upper=lived)),
            "TR02SDT": dates(first, began),
            "TR02EDT": dates(first, over.clip(upper=lived)),
        }
    )


def _end_of_treatment(own: pd.DataFrame, lived: pd.Series[Any]) -> pd.DataFrame:
    """Return status and reason of the end of the treatment of period 1."""
    reason = texts(own, "treatment_end_reason").mask(lived.isna(), "")
    over = numbers(own, "treatment_end_day").notna()
    status = np.select([lived.isna(), over], ["", "COMPLETED"], "ONGOING")
    return _worded("treatment", reason, status, ("EOTSTT", "DCTREAS", "DCTREASP"))


def _end_of_study(
    own: pd.DataFrame, first: pd.Series[Any], lived: pd.Series[Any], died: pd.Series[Any]
) -> pd.DataFrame:
    """Return status, date and reason of the end of study."""
    if "study_end_reason" in own:
        reason = texts(own, "study_end_reason")
    else:  # results of an earlier version: who dropped out was not followed any more
        left = texts(own, "treatment_end_reason") == "dropout"
        reason = texts(own, "").mask(left, "lost to follow-up")
        reason = reason.mask(~left, "completed").mask(died, "death")
    reason = reason.mask(lived.isna(), "failed")
    status = np.full(len(own), "ONGOING", dtype=object)
    record = _worded("study", reason, status, ("EOSSTT", "DCSREAS", "DCSREASP"))
    ended = numbers(own, "study_end_day").fillna(lived).where(reason != "")
    return record.assign(EOSDT=dates(first, ended))


def _worded(of: str, reason: pd.Series[Any], status: Any, names: tuple[str, ...]) -> pd.DataFrame:
    """Put the end of a treatment or of a study into words; `status` is that without a reason."""
    import pandas as pd

    worded = dispositions(of)
    unknown = ~reason.isin(["", *worded])
    state = pd.Series(status, index=reason.index, dtype=object)
    state = reason.map({r: d.status for r, d in worded.items()}).fillna(state)
    why = reason.map({r: d.reason for r, d in worded.items()}).fillna("")
    more = reason.map({r: d.specify for r, d in worded.items()}).fillna("")
    columns = (
        state.mask(unknown, "DISCONTINUED"),
        why.mask(unknown, "OTHER"),
        more.mask(unknown, reason.str.upper()),
    )
    return pd.DataFrame(dict(zip(names, columns, strict=True)))


def _baseline(own: pd.DataFrame) -> pd.DataFrame:
    """Return what is known of the subjects at baseline."""
    import pandas as pd

    race = texts(own, "race").str.upper()
    named = {
        "AGE": "age_years",
        "ECOGBL": "ecog",
        "ALBBL": "albumin_g_l",
        "NLRBL": "nlr",
        "WEIGHTBL": "weight_kg",
        "HEIGHTBL": "height_cm",
        "SUMDBL": "baseline_sld_mm",
        "NTARGET": "n_target_lesions",
        "NNONTGT": "n_non_target_lesions",
        "CA199BL": "baseline_ca19_9_u_ml",
        "KRASMFBL": "baseline_kras_maf_pct",
    }
    return pd.DataFrame(
        {
            "AGEU": "YEARS",
            "SEX": own["sex"].astype(str).str[:1].str.upper(),
            # No race is drawn: it is known of nobody.
            "RACE": race.mask(race == "", "UNKNOWN"),
            "KRASALL": texts(own, "kras_allele"),
            "LIVMETFL": texts(own, "liver_metastases").map({"True": "Y", "False": "N"}).fillna(""),
            **{variable: numbers(own, column) for variable, column in named.items()},
        }
    )


def _strata(own: pd.DataFrame) -> pd.DataFrame:
    """Return the strata as randomised; blank where the trial has none."""
    import pandas as pd

    whole = texts(own, "stratum")
    place = {name: float(k) for k, name in enumerate(sorted(set(whole) - {""}), start=1)}
    columns = {"STRATUM": whole, "STRATAR": whole, "STRATARN": whole.map(place)}
    factors = [name for name in own if str(name).startswith(_FACTOR)]
    for number, factor in enumerate(factors[:_MOST_FACTORS], start=1):
        value = texts(own, str(factor))
        columns[f"STRAT{number}R"] = value
        described = pd.Series(str(factor).removeprefix(_FACTOR), index=own.index, dtype=object)
        columns[f"STRAT{number}D"] = described.where(value != "", "")
    return pd.DataFrame(columns, index=own.index)
