"""Reports: one self-contained HTML file a run, with figures fit for print.

`write_report` reads the folder of ``rascade trial``, `write_patient_report` that of
``rascade simulate``. Plotting libraries are imported when a report is made, not before.
"""

from __future__ import annotations

from rascade.report.pages.patient import write_patient_report
from rascade.report.pages.trial import write_report

__all__ = ["write_patient_report", "write_report"]
