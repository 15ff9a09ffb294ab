"""Every exception that Rascade raises on purpose.

::

    RascadeError
    ├── InputError               something the user gave is wrong             exit code 2
    │   ├── StudyFileError       a study file: file, line, field, mend
    │   ├── RegimenError         an order: points at the character
    │   ├── EligibilityError     an eligibility expression
    │   ├── EvidenceError        an evidence file or a name not in it
    │   ├── ParameterError       a parameter table row or a value for one
    │   ├── ModelFileError       a model file that cannot be read
    │   ├── OutputError          a place that cannot be written
    │   └── ResultsError         a results folder: in use, damaged, or of another run
    ├── UnsupportedFeature       right in itself, but not in this version     exit code 3
    └── SimulationError          the solver gave up on every patient asked    exit code 1

The command line prints the message of a `RascadeError` and never its traceback; the exit code is
`RascadeError.exit_code`.
"""

from __future__ import annotations

__all__ = [
    "EligibilityError",
    "EvidenceError",
    "InputError",
    "ModelFileError",
    "OutputError",
    "ParameterError",
    "RascadeError",
    "RegimenError",
    "ResultsError",
    "SimulationError",
    "StudyFileError",
    "UnsupportedFeature",
]


class RascadeError(Exception):
    """Root of all errors raised on purpose."""

    exit_code = 1


class InputError(RascadeError):
    """Something the user gave is wrong; the message says what and how to mend it."""

    exit_code = 2


class StudyFileError(InputError):
    """A study file is wrong; the message starts with ``file:line:``."""


class RegimenError(InputError):
    """An order is wrong; the message shows the text with a caret under the character.

    Attributes:
        text: the order as given.
        position: zero-based index of the offending character.
    """

    def __init__(self, message: str, text: str = "", position: int = 0) -> None:
        self.text = text
        self.position = position
        pointer = f"\n  {text}\n  {' ' * position}^" if text else ""
        super().__init__(message + pointer)


class EligibilityError(InputError):
    """An eligibility expression is wrong."""


class EvidenceError(InputError):
    """An evidence file is wrong, or a name is not in it."""


class ParameterError(InputError):
    """A row of the parameter table, or a value given for a parameter, is wrong."""


class ModelFileError(InputError):
    """A model file cannot be read."""


class OutputError(InputError):
    """A place cannot be written."""


class ResultsError(InputError):
    """A results folder is in use, unfinished, damaged, of another run or of a newer version."""


class UnsupportedFeature(RascadeError):
    """The request is right in itself but not supported by this version.

    Attributes:
        feature: the name of the feature, as documented.
    """

    exit_code = 3

    def __init__(self, feature: str, message: str | None = None) -> None:
        self.feature = feature
        super().__init__(message or f"not supported: {feature}")


class SimulationError(RascadeError):
    """The solver gave up; the message names patients, times and states."""
