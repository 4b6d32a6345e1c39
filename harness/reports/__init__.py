"""What people and CI systems read of a gate. Everything here comes from `gate.json` alone."""

from harness.reports.junit import junit_xml
from harness.reports.page import render_page
from harness.reports.publish import write_reports
from harness.reports.summary import summary_markdown, summary_text

__all__ = ["junit_xml", "render_page", "summary_markdown", "summary_text", "write_reports"]
