"""Who is treated: profiles, parameters that differ between patients, cohorts by eligibility."""

from rascade.patients.cohort import (
    Cohort,
    draw_cohort,
    settled_cohort,
    steady_state,
)
from rascade.patients.draws import Given
from rascade.patients.eligibility import eligible
from rascade.patients.lines import TABLE_LINE, known_lines, line_values
from rascade.patients.population import Population, engine_parameters
from rascade.patients.profile import draw_profiles
from rascade.patients.properties import categories, load_properties

__all__ = [
    "TABLE_LINE",
    "Cohort",
    "Given",
    "Population",
    "categories",
    "draw_cohort",
    "draw_profiles",
    "eligible",
    "engine_parameters",
    "known_lines",
    "line_values",
    "load_properties",
    "settled_cohort",
    "steady_state",
]
