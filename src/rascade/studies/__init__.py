"""Study files: what to simulate, read from YAML, checked, run, and kept in a folder."""

from rascade.studies.files.load import dump, load, loads, override, study_hash
from rascade.studies.files.schema import (
    Arm,
    Checks,
    Cohort,
    ExperimentStudy,
    OperatingStudy,
    Study,
    TrialStudy,
    json_schema,
)

__all__ = [
    "Arm",
    "Checks",
    "Cohort",
    "ExperimentStudy",
    "OperatingStudy",
    "Study",
    "TrialStudy",
    "dump",
    "json_schema",
    "load",
    "loads",
    "override",
    "study_hash",
]
