"""Checks of ADRS and ADTR: readings, best responses, diameters and their sums."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.exchange.adam.fault import TOLERANCE, found, missing
from rascade.exchange.adam.response import NO_VISIT, PROGRESSED
from rascade.trial.assessment.best_response import (
    CONFIRMATION_DAYS,
    MINIMUM_STABLE_DAYS,
    best_overall_response,
)
from rascade.trial.assessment.irecist import IResponse, best_immune_response, immune_labels
from rascade.trial.assessment.response import Response, labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from rascade.exchange.adam.fault import Fault

__all__ = ["check_responses", "check_tumours", "readings"]

_OVERALL = ("CR", "PR", "SD", "PD", "NE")
_IMMUNE = ("iCR", "iPR", "iSD", "iUPD", "iCPD", "NE")
_ALLOWED = {
    "OVRLRESP": _OVERALL,
    "TRGRESP": _OVERALL,
    "NTRGRESP": ("CR", "NON-CR/NON-PD", "PD", "NE"),
    "IOVRRESP": _IMMUNE,
    "BOR": _OVERALL,
    "CBOR": _OVERALL,
    "IBOR": _IMMUNE,
}
_RESPONSE_PCT = -30.0  # RECIST 1.1, section 4.3.1
# A protocol may count a scan of six weeks for stable disease wherever in its window it is made, and
# a window is at most half of the time between scans.
_STABLE = (MINIMUM_STABLE_DAYS, MINIMUM_STABLE_DAYS / 2.0)
_GROWTH, _GROWTH_MM = 1.2, 5.0  # against the smallest sum before
_TARGET, _NEW = r"T\d", "NEW"


def check_responses(adrs: pd.DataFrame) -> Iterator[Fault]:
    """Yield what contradicts itself in ADRS."""
    for code, allowed in _ALLOWED.items():
        wrong = (adrs["PARAMCD"] == code) & ~adrs["AVALC"].isin(allowed)
        rule = f"{code} is one of {', '.join(allowed)}"
        yield from found("ADRS", "PARAMCD, AVALC", rule, adrs, wrong)
    immune = adrs["PARAMCD"].isin(["IOVRRESP", "IBOR"])
    rule = "the criteria are those of the parameter"
    wrong = (adrs["PARCAT1"] == "iRECIST") != immune
    yield from found("ADRS", "PARCAT1", rule, adrs, wrong)
    scans = adrs[adrs["AVISITN"] != NO_VISIT]
    rule = "a scan has a date"
    yield from found("ADRS", "ADT", rule, scans, scans["ADT"].isna())
    yield from _visits(scans)
    yield from _parts(scans)
    yield from _best(adrs, scans)
    yield from _flags(adrs, scans)


def _visits(scans: pd.DataFrame) -> Iterator[Fault]:
    dated = scans.groupby(["USUBJID", "AVISITN"])["ADT"]
    rule = "all readings of a scan have one date"
    wrong = dated.transform("nunique") > 1
    yield from found("ADRS", "ADT, AVISITN", rule, scans, wrong)
    rule = "a later scan has a later date"
    order = scans[scans["PARAMCD"] == "OVRLRESP"].sort_values(["USUBJID", "AVISITN"])
    wrong = order.groupby("USUBJID")["ADT"].diff() <= np.timedelta64(0, "D")
    yield from found("ADRS", "ADT, AVISITN", rule, order, wrong)
    keys = ["USUBJID", "AVISITN"]
    there = scans[scans["PARAMCD"] == "OVRLRESP"][keys].drop_duplicates()
    seen = scans[keys].merge(there, how="left", indicator=True)["_merge"] == "both"
    rule = "every scan has an overall response"
    yield from found("ADRS", "PARAMCD", rule, scans, ~seen.to_numpy())


def _flags(adrs: pd.DataFrame, scans: pd.DataFrame) -> Iterator[Fault]:
    wanted = adrs["AVISITN"] == NO_VISIT
    for criteria, (code, worst) in PROGRESSED.items():
        progressed = scans[(scans["PARAMCD"] == code) & (scans["AVALC"] == worst)]
        limit = adrs["USUBJID"].map(progressed.groupby("USUBJID")["AVISITN"].min())
        wanted |= (adrs["PARCAT1"] == criteria) & ~(adrs["AVISITN"] > limit)
    rule = "the flag is Y up to and with the first progression, and for best responses"
    yield from found("ADRS", "ANL01FL", rule, adrs, (adrs["ANL01FL"] == "Y") != wanted)


def _parts(scans: pd.DataFrame) -> Iterator[Fault]:
    keys = ["USUBJID", "AVISITN"]
    overall = scans[scans["PARAMCD"] == "OVRLRESP"].drop_duplicates(keys)
    for code in ("TRGRESP", "NTRGRESP"):
        part = scans[scans["PARAMCD"] == code]
        whole = part[keys].merge(overall[[*keys, "AVALC"]], how="left")["AVALC"].to_numpy()
        rule = "a progression of targets or non-targets is a progression overall"
        wrong = (part["AVALC"] == "PD") & (whole != "PD")
        yield from found("ADRS", "AVALC", rule, part, wrong)
    target = scans[scans["PARAMCD"] == "TRGRESP"].drop_duplicates(keys)
    other = scans[scans["PARAMCD"] == "NTRGRESP"].drop_duplicates(keys)
    beside = target[keys].merge(other[[*keys, "AVALC"]], how="left")["AVALC"].to_numpy()
    whole = target[keys].merge(overall[[*keys, "AVALC"]], how="left")["AVALC"].to_numpy()
    clear = np.isin(beside, ["CR"]) | (beside != beside)  # no record: no non-target lesions
    expected = target["AVALC"].mask((target["AVALC"] == "CR") & ~clear, "PR")
    rule = "without progression the overall response is that of the targets"
    wrong = ~np.isin(whole, ["PD"]) & (target["AVALC"] != "NE") & (expected != whole)
    yield from found("ADRS", "AVALC", rule, target, wrong)


def readings(scans: pd.DataFrame, code: str, codes: dict[str, int]) -> tuple[list[str], Any, Any]:
    """Return subjects, and their codes and days by scan, (n, v); 'NE' and NaN without a scan."""
    own = scans[scans["PARAMCD"] == code].drop_duplicates(["USUBJID", "AVISITN"])
    kept = own.assign(code=own["AVALC"].map(codes).fillna(codes["NE"]), day=own["ADY"] - 1.0)
    read = kept.pivot_table(index="USUBJID", columns="AVISITN", values="code", dropna=False).fillna(
        codes["NE"]
    )
    day = kept.pivot_table(index="USUBJID", columns="AVISITN", values="day", dropna=False)
    return list(read.index), read.to_numpy(dtype=np.int8), day.to_numpy(dtype=float)


def _best(adrs: pd.DataFrame, scans: pd.DataFrame) -> Iterator[Fault]:
    """Yield best responses that the responses at the scans do not make."""
    import pandas as pd

    codes = {response.name: int(response) for response in Response}
    people, read, day = readings(scans, "OVRLRESP", codes)
    # Dates are whole days: what is 28 days apart can have dates that are 27 days apart.
    gaps = (CONFIRMATION_DAYS, CONFIRMATION_DAYS - 1.0)
    best = partial(best_overall_response, read, day)
    right = {
        "BOR": [labels(best(minimum_stable_days=least)) for least in _STABLE],
        "CBOR": [
            labels(best(confirm=True, confirmation_days=gap, minimum_stable_days=least))
            for gap in gaps
            for least in _STABLE
        ],
    }
    immune = {immune_labels(int(one)).item(): int(one) for one in IResponse}
    same, read, day = readings(scans, "IOVRRESP", immune)
    right["IBOR"] = [
        immune_labels(best_immune_response(read, day, minimum_stable_days=least))
        for least in _STABLE
    ]
    for code, made in right.items():
        own = adrs[adrs["PARAMCD"] == code]
        index = same if code == "IBOR" else people
        fine = np.zeros(len(own), dtype=bool)
        for one in made:
            # Without any scan nothing can be said of a response.
            expected = own["USUBJID"].map(pd.Series(one, index=index)).fillna("NE")
            fine |= (own["AVALC"] == expected).to_numpy()
        rule = f"{code} is the best of the responses at the scans"
        yield from found("ADRS", "AVALC", rule, own, ~fine)


def check_tumours(
    adtr: pd.DataFrame, adrs: pd.DataFrame | None, adsl: pd.DataFrame | None
) -> Iterator[Fault]:
    """Yield what contradicts itself in ADTR, or ADRS and ADSL where they are there."""
    yield from _changes(adtr)
    yield from _lesions(adtr)
    yield from _sums(adtr)
    if adsl is not None:
        yield from _baseline(adtr, adsl)
    if adrs is not None:
        yield from _readings(adtr, adrs)


def _changes(adtr: pd.DataFrame) -> Iterator[Fault]:
    first = adtr["ABLFL"] == "Y"
    change = adtr["AVAL"] - adtr["BASE"]
    wrong = (adtr["CHG"] - change).abs() > TOLERANCE
    wrong |= ~first & adtr["BASE"].notna() & adtr["CHG"].isna()
    yield from found("ADTR", "CHG", "CHG is AVAL - BASE", adtr, wrong)
    percent = 100.0 * change / adtr["BASE"].where(adtr["BASE"] > 0)
    wrong = (adtr["PCHG"] - percent).abs() > TOLERANCE * (1.0 + percent.abs())
    yield from found("ADTR", "PCHG", "PCHG is 100 * CHG / BASE", adtr, wrong)
    wrong = first & ~((adtr["AVAL"] - adtr["BASE"]).abs() <= TOLERANCE)
    yield from found("ADTR", "ABLFL", "the baseline record holds the baseline", adtr, wrong)
    rule = "the record of scan 0, and no other, is the baseline"
    yield from found("ADTR", "ABLFL", rule, adtr, first != (adtr["AVISITN"] == 0))
    keys = ["USUBJID", "PARAMCD", "TRLNKID"]
    rule = "all records of a lesion, or of the sum, have one baseline"
    several = adtr.groupby(keys)["BASE"].transform("nunique") > 1
    yield from found("ADTR", "BASE", rule, adtr, several)


def _lesions(adtr: pd.DataFrame) -> Iterator[Fault]:
    lesion = adtr["PARAMCD"] == "DIAM"
    rule = "a lesion has an identifier, a sum has none"
    yield from found("ADTR", "TRLNKID", rule, adtr, lesion != (adtr["TRLNKID"] != ""))
    yield from found("ADTR", "AVAL", "no diameter is below 0", adtr, ~(adtr["AVAL"] >= 0))
    rule = "a lesion stays where it is"
    where = adtr.groupby(["USUBJID", "TRLNKID"])["TRLOC"].transform("nunique") > 1
    yield from found("ADTR", "TRLOC", rule, adtr, where)
    dated = adtr.groupby(["USUBJID", "AVISITN"])["ADT"].transform("nunique") > 1
    rule = "all measurements of a scan have one date"
    yield from found("ADTR", "ADT, AVISITN", rule, adtr, dated)


def _sums(adtr: pd.DataFrame) -> Iterator[Fault]:
    keys = ["USUBJID", "AVISITN"]
    targets = adtr[(adtr["PARAMCD"] == "DIAM") & adtr["TRLNKID"].str.match(_TARGET)]
    added = targets.groupby(keys)["AVAL"].agg(["sum", "size"]).reset_index()
    sums = adtr[adtr["PARAMCD"] == "SUMDIAM"]
    right = sums[keys].merge(added, how="left").set_axis(sums.index)
    rule = "the sum of diameters is the sum of the target lesions of the scan"
    yield from found("ADTR", "AVAL", rule, sums, ~((sums["AVAL"] - right["sum"]).abs() < TOLERANCE))
    wanted = targets[targets["AVISITN"] == 0].groupby("USUBJID").size()
    rule = "a sum is of all target lesions of baseline"
    wrong = right["size"] != sums["USUBJID"].map(wanted)
    yield from found("ADTR", "AVAL, TRLNKID", rule, sums, wrong)


def _baseline(adtr: pd.DataFrame, adsl: pd.DataFrame) -> Iterator[Fault]:
    first = adtr[adtr["ABLFL"] == "Y"].drop_duplicates(["USUBJID", "PARAMCD", "TRLNKID"])
    total = first[first["PARAMCD"] == "SUMDIAM"].set_index("USUBJID")["AVAL"]
    known = adsl["USUBJID"].map(total)
    rule = "the sum at baseline of ADSL is that of ADTR"
    wrong = (adsl["SUMDBL"] - known).abs() > TOLERANCE
    yield from found("ADSL", "SUMDBL", rule, adsl, wrong)
    for variable, pattern in (("NTARGET", _TARGET), ("NNONTGT", "NT")):
        own = first[(first["PARAMCD"] == "DIAM") & first["TRLNKID"].str.match(pattern)]
        count = adsl["USUBJID"].map(own.groupby("USUBJID").size())
        rule = "the number of lesions of ADSL is that of ADTR at baseline"
        wrong = known.notna() & (adsl[variable] != count.fillna(0))
        yield from found("ADSL", variable, rule, adsl, wrong)


def _readings(adtr: pd.DataFrame, adrs: pd.DataFrame) -> Iterator[Fault]:
    """Yield scans on which the diameters and the responses do not agree."""
    keys = ["USUBJID", "AVISITN"]
    overall = adrs[adrs["PARAMCD"] == "OVRLRESP"].drop_duplicates(keys)
    later = adtr[adtr["AVISITN"] > 0]
    read = later[keys].merge(overall[[*keys, "AVALC", "ADT"]], how="left").set_axis(later.index)
    rule = "a scan with measurements has a response in ADRS, of the same date"
    yield from found("ADTR", "ADT, AVISITN", rule, later, read["ADT"] != later["ADT"])
    rule = "a scan with a new lesion is a progression in ADRS"
    new = later["TRLNKID"].str.startswith(_NEW) & (later["AVAL"] > 0)
    wrong = new & read["AVALC"].notna() & (read["AVALC"] != "PD")
    yield from found("ADTR", "TRLNKID, AVAL", rule, later, wrong)
    yield from _causes(adtr, adrs, overall)
    target = adrs[adrs["PARAMCD"] == "TRGRESP"].drop_duplicates(keys)
    sums = later[later["PARAMCD"] == "SUMDIAM"].sort_values(keys)
    said = sums[keys].merge(target[[*keys, "AVALC"]], how="left")["AVALC"].to_numpy()
    yield from _growth(adtr, said)
    wrong = (said == "PR") & ~(sums["PCHG"] <= _RESPONSE_PCT + TOLERANCE)
    wrong |= (said == "SD") & (sums["PCHG"] <= _RESPONSE_PCT - TOLERANCE)
    rule = (
        "a partial response of the targets is a sum at least 30 % below baseline, a stable is not"
    )
    yield from found("ADTR", "PCHG, AVALC", rule, sums, wrong)
    rule = "a partial response of the targets has a sum of diameters"
    keyed = set(map(tuple, sums[keys].to_numpy()))
    partial = target[target["AVALC"] == "PR"]
    lacking = [row[0] for row in partial[keys].to_numpy() if tuple(row) not in keyed]
    yield from missing("ADTR", "USUBJID", rule, lacking)


def _causes(adtr: pd.DataFrame, adrs: pd.DataFrame, overall: pd.DataFrame) -> Iterator[Fault]:
    """Yield progressions of ADRS for which neither readings nor measurements give a reason."""
    keys = ["USUBJID", "AVISITN"]
    part = adrs[adrs["PARAMCD"].isin(["TRGRESP", "NTRGRESP"]) & (adrs["AVALC"] == "PD")]
    read = overall[keys].merge(part[keys].drop_duplicates(), how="left", indicator=True)
    caused = (read["_merge"] == "both").to_numpy()
    new = adtr[adtr["TRLNKID"].str.startswith(_NEW)].groupby("USUBJID")["AVISITN"].min()
    # What had gone in a complete response and is back is a progression whatever its size.
    gone = overall[overall["AVALC"] == "CR"].groupby("USUBJID")["AVISITN"].min()
    for since in (new, gone):
        caused |= (overall["AVISITN"] >= overall["USUBJID"].map(since)).to_numpy()
    rule = "a progression is one of targets, of non-targets, or a new lesion of ADTR"
    wrong = (overall["AVALC"] == "PD") & ~caused
    yield from found("ADRS", "AVALC", rule, overall, wrong)


def _growth(adtr: pd.DataFrame, said: Any) -> Iterator[Fault]:
    """Yield sums that have grown to a progression and are none, and the other way round."""
    sums = adtr[adtr["PARAMCD"] == "SUMDIAM"].sort_values(["USUBJID", "AVISITN"])
    least = sums.groupby("USUBJID")["AVAL"].cummin()
    before = least.groupby(sums["USUBJID"]).shift()
    later = sums["AVISITN"] > 0
    sums, before = sums[later], before[later]
    grown = np.fmin(sums["AVAL"] - _GROWTH * before, sums["AVAL"] - before - _GROWTH_MM)
    wrong = (said == "PD") & (grown < -TOLERANCE)
    wrong |= np.isin(said, ["PR", "SD"]) & (grown > TOLERANCE)
    rule = "a progression of the targets is a sum 20 % and 5 mm above the smallest before"
    yield from found("ADTR", "AVAL, AVALC", rule, sums, wrong)
