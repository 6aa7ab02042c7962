"""How orders tell of many things in the name of a run."""

from collections.abc import Collection


def listed(names: Collection[str], most: int = 4) -> str:
    """The first few, and how many more there are."""
    shown = ", ".join([*names][:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
