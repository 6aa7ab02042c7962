"""Cells as records, figures, tables and one page."""
