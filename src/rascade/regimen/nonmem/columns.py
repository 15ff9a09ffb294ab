"""Columns of NONMEM data sets beyond the standard ones: what each would do to a dose.

Dialects (nlmixr2, mrgsolve, Monolix, Pumas) name the same things differently. A column is honoured,
or checked to say nothing, or a covariate that no dose depends on; any other is refused, because a
column that is passed over in silence may hold half of a dose.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["DURATIONS", "HARMLESS", "duties"]

#: Columns that hold the length of an infusion in hours.
DURATIONS: Final = ("DUR", "DURATION", "TINF", "INFDUR", "INFTIME", "TINFUSION")

_NOTHING = (0.0,)
_FACTOR = (1.0,)
#: Column pattern -> values of a dose record that change nothing, and the mend for others.
_DUTIES: Final[tuple[tuple[str, tuple[float, ...], str], ...]] = (
    (r"F\d*|BIO|BIOAV|BIOAVAILABILITY|FREL", _FACTOR, "scale AMT by it, and leave the column out"),
    (r"A?LAG\d*|TLAG|LAGTIME|TLAG\d+", _NOTHING, "add it to TIME, and leave the column out"),
    (r"R\d+", _NOTHING, "write the rate of infusion in RATE"),
    (r"D\d+", _NOTHING, "write the length of an infusion in DUR"),
    (
        r"NDOSES?|NBDOSES?|NUMDOSES?|REPEATS?|NREP",
        _NOTHING,
        "write the number of additional doses in ADDL",
    ),
    (r"TAU|INTERVAL|SSII|DOSINT", _NOTHING, "write the interval in II, and the doses in ADDL"),
    (r"FREQ|FREQUENCY|SCHEDULE", _NOTHING, "write the interval in II, and the doses in ADDL"),
    (r"ADM|ADMID|ADMIN|PCMT", (0.0, 1.0), "write the drug in CMT and the way in ROUTE"),
    (r"CONT|RAW_|MRG_|RPT_", _NOTHING, "write each record in a line of its own"),
    (r"DAT[E123]", _NOTHING, "write TIME in hours from the first dose, without dates"),
    (r"C|EXCL|EXCLUDE|EXCLF|IGNORE|SKIP|DROP", _NOTHING, "leave out the records that are skipped"),
)
#: A record that is skipped is skipped whatever it is; the other duties are those of doses.
_OF_EVERY_RECORD: Final = re.compile(r"CONT|RAW_|MRG_|RPT_|DAT[E123]|C|EXCL\w*|IGNORE|SKIP|DROP")

#: Observations, labels, times that follow from TIME, and covariates: no dose depends on them. A day
#: or a cycle is not among them, because TIME may be counted from its beginning.
_NAMES = """
DV LNDV LOGDV ODV CENS LIMIT DVID YTYPE BLQ BLOQ LLOQ LOQ ULOQ L1 L2 CALL
WT WEIGHT WTKG BW BWT LBM LBW FFM IBW HT HTCM HEIGHT HGT BSA BMI AGE AGEY SEX SEXF SEXM FEMALE
MALE GENDER RACE ETHNIC ETHN CRCL CLCR CRCLN EGFR GFR SCR CREAT CREA CR ALB ALT AST ALP BILI
BIL TBIL LDH CRP HGB HB WBC ANC PLT CA199 ECOG PS SMOKE SMOK DIAB HEPA HEPI RENAL RENI GENO
PHENO DISEASE TUMOUR TUMOR LINE STAGE
STUDY STUDYID STDY STUD PROTOCOL SUBJ SUBJID SUBJECT USUBJID PATIENT PTID SITE SITEID CENTER
CENTRE COUNTRY REGION ARM TRT TRTA TRTP GROUP GRP COHORT PART OCC VISIT VISITNUM VIS
NTIME NTPD NOMTIME NTAD TAD TALD TSLD TAFD TSFD
ROW NUM RECNO RECORD SEQ ORD COMMENT COMMENTS COMM NOTE NAME DVNAME
"""
HARMLESS: Final = frozenset(_NAMES.split())


def duties(column: str) -> tuple[tuple[float, ...], str, bool] | None:
    """Return what a column (in capitals) must hold so that it may be passed over.

    Returns:
        Values that change nothing, what to do about others, and whether this goes for observations
        too; None for a column without a duty.
    """
    for pattern, neutral, mend in _DUTIES:
        if re.fullmatch(pattern, column):
            return neutral, mend, _OF_EVERY_RECORD.fullmatch(column) is not None
    return None
