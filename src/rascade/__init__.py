"""Rascade: in-silico trials of KRAS-targeted drugs and checkpoint inhibitors in pancreatic cancer.

For research; never for treating a patient. Nothing heavy is imported here: names are looked up in
their package when first used.
"""

__version__ = "0.1.0"

RESEARCH_USE = (
    "Research use only. Rascade simulates populations from published evidence; "
    "it must not be used to choose a treatment for a patient."
)

__all__ = ["RESEARCH_USE", "__version__"]
