"""Decisions in the depot: a layer's history is a head, and no pod's line is lost in it.

A writer reads what is there, adds its lines, writes the next head, and reads again until its lines
are in the newest one. So two that write at once need no lock: whoever comes second finds the
other's head, and writes both.
"""

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from lamina.errors import BusyError, DamagedError
from lamina.handover import heads
from lamina.handover.heads import Head
from lamina.handover.link import Link
from lamina.handover.versions import Decision, History

FOLDER = "decisions"
_LINES = "lines"
_TOLD_IN_FULL = 50  # the latest lines; older ones lose their figures, so that heads stay small
_TURNS = 20
_lines = TypeAdapter(list[Decision])


class Written(NamedTuple):
    """The newest heads of a layer's decisions: their files, and what stands in them."""

    files: tuple[str, ...]
    history: History


def newest_files(link: Link) -> dict[str, tuple[str, ...]]:
    """By layer: the files of its newest heads. Two where two pods wrote at once."""
    return {
        name.removeprefix(f"{FOLDER}/"): files
        for name, files in heads.newest_files(link, FOLDER).items()
    }


def read(link: Link, layer: str) -> Written:
    """What every pod has told of a layer.

    Raises:
        DamagedError: a head cannot be read.

    """
    found = heads.newest_of(link, f"{FOLDER}/{layer}")
    history = History(())
    for head in found.values():
        history = history.with_lines(_lines_of(head, link))
    return Written(tuple(found), history)


def exchange(link: Link, layer: str, ours: Sequence[Decision], host: str) -> Written:
    """Tell these lines; what all pods have told, these among them.

    Raises:
        BusyError: others write all the time.

    """
    for _ in range(_TURNS):
        there = read(link, layer)
        known = {one.key for one in there.history.decisions}
        if known.issuperset(one.key for one in ours):
            return there
        both = there.history.with_lines(ours)
        lines = _lines.dump_python(_lightened(both), mode="json", exclude_defaults=True)
        heads.write(link, f"{FOLDER}/{layer}", {}, {_LINES: lines}, host)
    msg = f"others decide about {layer} all the time, so that nothing comes through; run again"
    raise BusyError(msg)


def _lightened(history: History) -> list[Decision]:
    serving = set(history.served())
    light = [
        one.model_copy(update={"facts": {}, "refs": one.refs if one.digest in serving else {}})
        for one in history.decisions[:-_TOLD_IN_FULL]
    ]
    return [*light, *history.decisions[-_TOLD_IN_FULL:]]


def _lines_of(head: Head, link: Link) -> list[Decision]:
    try:
        return _lines.validate_python(head.facts.get(_LINES))
    except ValidationError as broken:
        msg = (
            f"{head.name} in the depot {link.shown} was written by a later Lamina, or by something "
            "else; upgrade this pod, or remove that head"
        )
        raise DamagedError(msg) from broken
