"""Report by its folder, as others are held against it: read without trust, judged by nobody."""

from __future__ import annotations

from pathlib import Path

from bnclaims.errors import is_dir
from bnclaims.report.files import LIMITS, REPORT
from bnclaims.report.model import Report, parse_report
from bnclaims.report.reading.untrusted_files import read_file


def read_report_json(report: Path) -> Report:
    """A report by its folder or its ``report.json``, printable; `BnclaimsError` when it is not one."""
    file = report / REPORT if is_dir(report) else report
    data = read_file(file, limit=LIMITS[REPORT])
    return parse_report(data, source=str(file), printable=True)[1]
