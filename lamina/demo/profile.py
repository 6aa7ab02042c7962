"""Where the tiny base lies and how the demo trains its layers."""

from pathlib import Path

TINY_BASE = Path(__file__).parent / "tiny_base"
