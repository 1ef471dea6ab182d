"""What was measured on a model, as four files to keep, to compute with and to hand on."""

from digitlib.report.content import Report, Versus, gather_report
from digitlib.report.files import make_folder, write_report

__all__ = ["Report", "Versus", "gather_report", "make_folder", "write_report"]
