"""What a step costs in the library alone, under each way of running it.

With one thread it is the processor's time that counts, so that a busy machine disturbs little.
"""

import argparse
import statistics
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # loaded when the environment says how its threads wait
    from lamina.serving.llama import Base

ROWS = (1, 2, 4, 8, 16)
HELD = 16  # tokens in each slot before its steps
WAYS = {  # flash attention, weights repacked
    "repacked": (False, True),
    "repacked, flash attention": (True, True),
    "not repacked": (False, False),
    "not repacked, flash attention": (True, False),
}


def steps(model: Path, options: argparse.Namespace) -> str:
    """Milliseconds of a prompt's step and of steps of answers: medians of rounds in turn."""
    from lamina.serving.llama import ContextOptions, open_base, quiet

    quiet()
    found: dict[str, list[list[float]]] = {way: [] for way in WAYS}
    with ExitStack() as stack:
        bases = {
            way: stack.enter_context(
                open_base(
                    model,
                    ContextOptions(
                        n_ctx=options.prompt + HELD,
                        n_slots=max(ROWS),
                        n_threads=options.threads,
                        flash_attn=flash,
                        special_layouts=repacked,
                    ),
                )
            )
            for way, (flash, repacked) in WAYS.items()
        }
        for turn in range(options.repeat):
            for way in list(WAYS)[turn % len(WAYS) :] + list(WAYS)[: turn % len(WAYS)]:
                found[way].append(_measured(bases[way], options))
    heads = [f"prompt of {options.prompt}", *map(str, ROWS)]
    lines = [f"| ms a step | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for way, rounds in found.items():
        middle = [statistics.median(column) for column in zip(*rounds, strict=True)]
        lines.append(f"| {way} | {' | '.join(f'{one:.1f}' for one in middle)} |")
    return "\n".join(lines)


def _measured(base: "Base", options: argparse.Namespace) -> list[float]:
    clock = time.thread_time if options.threads == 1 else time.perf_counter

    def step_ms(slots: range, position: int, tokens: int) -> float:
        base.batch.clear()
        for slot in slots:
            last = tokens - 1
            base.batch.add([300 + slot] * tokens, position=position, slot=slot, wanted_from=last)
        started_s = clock()
        if base.decode():
            msg = "llama.cpp failed in a step"
            raise RuntimeError(msg)
        return 1000 * (clock() - started_s)

    base.forget_all()
    times = [step_ms(range(1), 0, options.prompt)]
    base.forget_all()
    for begin in range(0, max(ROWS), 4):
        step_ms(range(begin, begin + 4), 0, HELD)
    for rows in ROWS:
        taken = [step_ms(range(rows), HELD + number, 1) for number in range(4)]
        times.append(statistics.median(taken[1:]))
        for slot in range(rows):
            base.forget(slot, HELD)
    return times
