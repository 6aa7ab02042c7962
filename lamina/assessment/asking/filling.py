"""Fills cells: asks a server what no cell holds yet, several requests at a time.

What came is kept at once, so that a run that is killed goes on where it stopped. One request that
fails costs its own cell: it is tried again, then named, and the rest goes on. What would fail all
the same for every other request ends the run: no server, a wrong key, other layers than asked.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import groupby

from lamina.assessment.asking.client import Client, Via
from lamina.assessment.asking.matrix import Wanted
from lamina.assessment.asking.pace import Pace, in_words, kinds
from lamina.assessment.asking.refusals import KeyRefusedError
from lamina.assessment.cells.cells import Cells, Subject, Value
from lamina.assessment.exam.asked import Ask, Choose, Find, Read, Request
from lamina.assessment.exam.blend import Blend
from lamina.assessment.exam.sampling import Sampling
from lamina.errors import InvalidInputError, LaminaError, MismatchError, NotFoundError
from lamina.progress import Progress

PACE_FILE = "pace.json"
TRIES = 3
PAUSE_S = 0.5  # before the second try; twice as long before each other
A_REQUEST = {Find: 1, Ask: 1, Choose: 16, Read: 8}  # how many go into one HTTP request
MOST_IN_A_ROW = 20  # failures after which the server is at fault, and not what was asked


@dataclass(frozen=True, slots=True)
class How:
    """How a server is asked."""

    sampling: Sampling
    via: Via = "adapters"  # set the default blend and ask it, or name the blend in each request
    in_flight: int = 1  # requests at the same time, all under one blend


@dataclass(frozen=True, slots=True)
class Failure:
    """A cell that stayed empty, and why."""

    wanted: Wanted
    why: str


def fill(
    wanted: Iterable[Wanted], cells: Cells, client: Client, how: How, progress: Progress
) -> tuple[Failure, ...]:
    """Ask what no cell holds, subject by subject; what could not be had comes back.

    How much that is and how long it will take is told before, and how long it took at the end.
    With `via="adapters"` the server's default blend is put back at the end, also after an error.

    Raises:
        NotFoundError: the server is away, or does not know a layer.
        MismatchError: other layers answered than were asked.
        InvalidInputError: the server wants another key.
        LaminaError: nothing but failures came back.

    """
    listed = list(wanted)
    empty = missing(listed, cells)
    if not empty:
        return ()
    pace = Pace(cells.folder / PACE_FILE)
    left = kinds(request for _, request in empty)
    progress.say(_told(left, len(empty), len(listed), pace))
    progress.start("questions and texts", len(empty))
    failures: list[Failure] = []
    done = in_a_row = 0
    began_s = time.monotonic()
    with _default_kept(client, how.via), ExitStack() as at_end:
        at_end.callback(pace.keep)
        for subject, found in _answers(empty, client, how):
            requests = [one for one, _ in found]
            pace.note(requests)
            left.subtract(kinds(requests))
            lost = _kept(subject, found, cells)
            failures += [Failure(empty[subject, one], why) for one, why in lost]
            in_a_row = in_a_row + len(lost) if len(lost) == len(found) else 0
            if in_a_row >= MOST_IN_A_ROW:
                msg = f"{in_a_row} requests in a row failed, the last one so: {failures[-1].why}"
                raise LaminaError(msg)
            rest = pace.left(left)
            note = f"{subject.blend.name}, about {rest} left" if rest else subject.blend.name
            progress.advance(done := done + len(found), note)
    progress.say(f"asked {done:,} cells in {in_words(time.monotonic() - began_s)}")
    return tuple(failures)


def _told(left: Mapping[str, int], n_empty: int, n_wanted: int, pace: Pace) -> str:
    """What is to be asked, and how long it will take."""
    parts = ", ".join(f"{count:,} {kind}" for kind, count in left.items())
    expected = pace.left(left)
    takes = f"about {expected}, as it went last time" if expected else "the pace shows on the way"
    return f"{n_empty:,} of {n_wanted:,} cells are to be asked ({parts}): {takes}"


def missing(wanted: Iterable[Wanted], cells: Cells) -> dict[tuple[Subject, Request], Wanted]:
    """What no cell holds."""
    return {
        (one.subject, one.request): one
        for one in wanted
        if cells.get(one.subject, one.request) is None
    }


_Found = list[tuple[Request, Value | str]]  # a value, or why there is none


def _kept(subject: Subject, found: _Found, cells: Cells) -> list[tuple[Request, str]]:
    """Keep what came; what did not come, and why, comes back."""
    said = [(one, value) for one, value in found if not isinstance(value, str)]
    if said:
        cells.add(subject, said)
    return [(one, value) for one, value in found if isinstance(value, str)]


def _answers(
    empty: Iterable[tuple[Subject, Request]], client: Client, how: How
) -> Iterator[tuple[Subject, _Found]]:
    """What came of each HTTP request as it comes, subject by subject."""
    for subject, of in groupby(empty, key=lambda pair: pair[0]):
        if how.via == "adapters":
            client.set_default(subject.blend)
        parts = _parts([request for _, request in of])
        pool = ThreadPoolExecutor(how.in_flight)
        try:
            coming = [pool.submit(_tried, client, subject.blend, part, how) for part in parts]
            for one in as_completed(coming):
                yield subject, one.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _parts(requests: Sequence[Request]) -> Iterator[list[Request]]:
    """Requests of one kind that go together."""
    for kind, size in A_REQUEST.items():
        alike = [one for one in requests if isinstance(one, kind)]
        for start in range(0, len(alike), size):
            yield alike[start : start + size]


def _tried(client: Client, blend: Blend, requests: list[Request], how: How) -> _Found:
    """Together; one by one where that fails; each several times."""
    for attempt in range(TRIES):
        try:
            return list(zip(requests, _asked(client, blend, requests, how), strict=True))
        except (NotFoundError, MismatchError, KeyRefusedError):
            raise
        except LaminaError as error:
            if len(requests) > 1:
                return [found for one in requests for found in _tried(client, blend, [one], how)]
            if isinstance(error, InvalidInputError) or attempt == TRIES - 1:
                return [(requests[0], str(error))]
            time.sleep(PAUSE_S * 2**attempt)
    raise AssertionError  # the last try returns


def _asked(client: Client, blend: Blend, requests: list[Request], how: How) -> list[Value]:
    match requests[0]:
        case Ask(question):
            return [client.ask(question, blend, how.sampling, how.via).value(how.in_flight)]
        case Find(question):
            return [{"model": client.find(question).name}]
        case Choose():
            choices = [one for one in requests if isinstance(one, Choose)]
            return [{"scores": scores} for scores in client.choose(choices, blend, how.via)]
        case Read():
            texts = [one for one in requests if isinstance(one, Read)]
            return [{"scores": [score]} for score in client.score(texts, blend, how.via)]


@contextmanager
def _default_kept(client: Client, via: Via) -> Iterator[None]:
    if via == "model":
        yield
        return
    before = Blend(tuple((layer.name, layer.scale) for layer in client.layers() if layer.scale))
    try:
        yield
    finally:
        client.set_default(before)
