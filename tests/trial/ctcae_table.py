"""Sixty-eight hand-made courses with the grades and decisions that follow from them.

A course has the values of days 7, 14, 21, 28, 35 and 42 (before: normal); the last value goes on.
``grades`` are the highest grades by CTCAE v5 and v6. A decision is ``day action dose``: H hold,
D dose reduction, R restart, X stop. Episodes are ``start-end`` in days.
"""

RULES = {
    "neutrophils": (
        "gemcitabine",
        (
            ("neutrophils < 0.5 10^9/L", "hold until neutrophils >= 1.5 10^9/L then reduce", 1),
            ("neutrophils < 1.0 10^9/L", "reduce one level", 1),
        ),
    ),
    "platelets": (
        "gemcitabine",
        (
            ("platelets < 50 10^9/L", "hold until platelets >= 100 10^9/L then resume", 1),
            ("platelets < 75 10^9/L", "reduce two levels", 2),
        ),
    ),
    "rash_total": (
        "daraxonrasib",
        (
            ("grade >= 3 rash", "hold until grade <= 1 then reduce one level", 2),
            ("grade >= 3 rash", "hold until <= 1 then resume", 1),
        ),
    ),
    "ALT": (
        "sotorasib",
        (
            ("grade >= 4", "stop", 1),
            (
                "grade >= 3 alanine aminotransferase increased",
                "hold until grade <= 1 then reduce one level",
                1,
            ),
        ),
    ),
}
NORMAL = {"neutrophils": 4.0, "platelets": 250.0, "rash_total": 0.0, "ALT": 0.5}

TABLE = """\
neutrophils | 4 | 0 0 |  |
neutrophils | 2.0 | 0 0 |  |
neutrophils | 1.9 | 1 0 |  | 7-
neutrophils | 1.9 4 | 1 0 |  | 7-14
neutrophils | 1.5 4 | 1 0 |  | 7-14
neutrophils | 1.4 4 | 2 1 |  | 7-14
neutrophils | 1.0 4 | 2 1 |  | 7-14
neutrophils | 0.9 4 | 3 2 | 7D80 | 7-14
neutrophils | 0.5 4 | 3 2 | 7D80 | 7-14
neutrophils | 0.4 4 | 4 3 | 7H0 14D80 14R80 | 7-14
neutrophils | 0.1 4 | 4 3 | 7H0 14D80 14R80 | 7-14
neutrophils | 0.05 4 | 4 4 | 7H0 14D80 14R80 | 7-14
neutrophils | 0.4 0.4 4 | 4 3 | 7H0 21D80 21R80 | 7-21
neutrophils | 0.4 1.2 1.5 4 | 4 3 | 7H0 21D80 21R80 | 7-28
neutrophils | 0.4 1.4 1.4 1.4 4 | 4 3 | 7H0 35D80 35R80 | 7-35
neutrophils | 0.4 | 4 3 | 7H0 35X0 | 7-
neutrophils | 0.9 4 0.9 4 0.9 4 | 3 2 | 7D80 21D60 35X0 | 7-14 21-28 35-42
neutrophils | 0.4 4 0.4 4 0.4 4 | 4 3 | 7H0 14D80 14R80 21H0 28D60 28R60 35H0 42X0|7-14 21-28 35-42
neutrophils | 0.9 0.9 0.9 4 | 3 2 | 7D80 | 7-28
neutrophils | 0.9 0.4 4 | 4 3 | 7D80 14H0 21D60 21R60 | 7-21
neutrophils | 0.4 0.9 4 | 4 3 | 7H0 21D80 21R80 | 7-21
neutrophils | 4 4 4 4 4 0.9 | 3 2 | 42D80 | 42-
neutrophils | 4 4 4 4 4 0.4 | 4 3 | 42H0 | 42-
neutrophils | 1.9 1.4 0.9 1.4 1.9 4 | 3 2 | 21D80 | 7-42
platelets | 150 | 0 0 |  |
platelets | 149 250 | 1 1 |  | 7-14
platelets | 75 250 | 1 1 |  | 7-14
platelets | 74 250 | 2 2 |  | 7-14
platelets | 50 250 | 2 2 |  | 7-14
platelets | 49 250 | 3 3 | 7H0 14R100 | 7-14
platelets | 25 250 | 3 3 | 7H0 14R100 | 7-14
platelets | 24 250 | 4 4 | 7H0 14R100 | 7-14
platelets | 49 99 100 250 | 3 3 | 7H0 21R100 | 7-28
platelets | 74 250 74 250 | 2 2 | 21D60 | 7-14 21-28
platelets | 74 250 74 250 74 250 | 2 2 | 21D60 35X0 | 7-14 21-28 35-42
platelets | 49 250 74 250 | 3 3 | 7H0 14R100 21D60 | 7-14 21-28
platelets | 74 250 49 250 | 3 3 | 21H0 28R100 | 7-14 21-28
platelets | 24 | 4 4 | 7H0 35X0 | 7-
platelets | 140 120 100 80 76 | 1 1 |  | 7-
platelets | 250 250 250 49 | 3 3 | 28H0 | 28-
rash_total | 0.9 | 0 0 |  |
rash_total | 1 0 | 1 1 |  | 7-14
rash_total | 9.9 0 | 1 1 |  | 7-14
rash_total | 10 0 | 2 2 |  | 7-14
rash_total | 30 0 | 2 2 |  | 7-14
rash_total | 31 0 | 3 3 | 7H0 14R100 | 7-14
rash_total | 31 20 5 0 | 3 3 | 7H0 21R100 | 7-28
rash_total | 31 10 10 10 10 | 3 3 | 7H0 35X0 | 7-
rash_total | 31 0 31 0 | 3 3 | 7H0 14R100 21H0 28D80 28R80 | 7-14 21-28
rash_total | 31 0 31 0 31 0 | 3 3 | 7H0 14R100 21H0 28D80 28R80 35H0 42D60 42R60 | 7-14 21-28 35-42
rash_total | 90 0 | 3 3 | 7H0 14R100 | 7-14
rash_total | 0 0 0 0 0 31 | 3 3 | 42H0 | 42-
rash_total | 5 15 31 15 5 0 | 3 3 | 21H0 35R100 | 7-42
rash_total | 29 29 29 29 29 29 | 2 2 |  | 7-
ALT | 1.0 | 0 0 |  |
ALT | 1.1 0.5 | 1 1 |  | 7-14
ALT | 3.0 0.5 | 1 1 |  | 7-14
ALT | 3.1 0.5 | 2 2 |  | 7-14
ALT | 5.0 0.5 | 2 2 |  | 7-14
ALT | 5.1 0.5 | 3 3 | 7H0 14D80 14R80 | 7-14
ALT | 20 0.5 | 3 3 | 7H0 14D80 14R80 | 7-14
ALT | 20.1 0.5 | 4 4 | 7X0 | 7-14
ALT | 8 6 2 0.5 | 3 3 | 7H0 21D80 21R80 | 7-28
ALT | 8 4 4 4 4 0.5 | 3 3 | 7H0 35X0 | 7-42
ALT | 8 0.5 8 0.5 8 0.5 | 3 3 | 7H0 14D80 14R80 21H0 28D60 28R60 35H0 42X0 | 7-14 21-28 35-42
ALT | 8 25 0.5 | 4 4 | 7H0 14X0 | 7-21
ALT | 4 6 4 0.5 | 3 3 | 14H0 28D80 28R80 | 7-28
ALT | 0.5 0.5 0.5 0.5 25 | 4 4 | 35X0 | 35-
"""


def courses() -> list[tuple[str, list[float], tuple[int, int], list[str], list[str]]]:
    """Return signal, six values, grades by version, decisions and episodes of every course."""
    rows = []
    for line in TABLE.splitlines():
        signal, values, grades, decisions, episodes = (part.strip() for part in line.split("|"))
        course = [float(value) for value in values.split()]
        course += [course[-1]] * (6 - len(course))
        v5, v6 = (int(grade) for grade in grades.split())
        rows.append((signal, course, (v5, v6), decisions.split(), episodes.split()))
    return rows
