"""Examines a pod: environment, workspace, base, layers, server; one finding a line.

Findings are made by pure functions from probed facts; nothing is changed, installed or started.
"""

from lamina.doctor.examination import examine
from lamina.doctor.finding import Finding, Level
from lamina.doctor.swap import examine_swap

__all__ = ["Finding", "Level", "examine", "examine_swap"]
