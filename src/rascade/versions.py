"""Versions of the software that results depend on."""

from __future__ import annotations

import platform
from importlib import metadata

from rascade import __version__

__all__ = ["package_versions"]

#: Packages whose version can change a number or a byte of the results.
PACKAGES = (
    "antimony",
    "lark",
    "llvmlite",
    "matplotlib",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "python-libsbml",
    "scipy",
)


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that results depend on."""
    versions = {"python": platform.python_version(), "rascade": __version__}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions
