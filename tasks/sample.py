"""The sample corpus, and the demo's proof."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from lamina.assessment.report.summary import Headline
from lamina.demo import handbooks
from lamina.summary import Summary
from tasks import edge
from tasks.caching import step

ENOUGH = 0.5  # share of exact answers that a layer must gain over the base and over other layers


@step("write_handbooks")
def write_handbooks() -> None:
    """The sample PDFs, and the questions about them."""
    with edge.pod("handbooks") as pod:
        handbooks.write_handbooks(pod.workspace.raw_pdfs, pod.workspace.prompts)


@contextmanager
def one_more_pdf() -> Iterator[None]:
    """One PDF more in one topic, for the time."""
    added = handbooks.write_addendum(edge.workspace().raw_pdfs, handbooks.BLENDED[0])
    try:
        yield
    finally:
        added.unlink()


def blends() -> list[str]:
    """Two layers half and half, as an example of a blend."""
    return ["+".join(f"{layer}:0.5" for layer in handbooks.BLENDED)]


def announce(line: str) -> None:
    """Say what comes next."""
    print(f"\n{line}", flush=True)


def tell_next(base: str) -> None:
    """What serves these layers; the embedded base is none that a workspace remembers."""
    chosen = "LAMINA_BASE_MODEL=tiny " if base == "tiny" else ""
    here = os.path.relpath(edge.workspace().root)
    edge.OUTCOMES.append(Summary(next=(f"{chosen}lamina --workspace {here} serve",)))


def proves(headline: Headline) -> bool:
    """Whether the layers gained enough over the base and over the other topics' layers; says so."""
    gains = (headline.gain_over_base, headline.gain_over_others)
    proved = all(gain is not None and gain >= ENOUGH for gain in gains)
    told = " and ".join(f"{100 * (gain or 0):+.0f} points" for gain in gains)
    print(f"proof {'holds' if proved else 'FAILS'}: {told} over the base and the other layers")
    return proved
