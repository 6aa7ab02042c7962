"""The report as one HTML file: it fetches nothing, and all of it reads without JavaScript."""

from lamina.assessment.report.page.document import page

__all__ = ["page"]
