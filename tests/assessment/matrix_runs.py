"""A matrix, asked of a server and read back as records."""

from collections.abc import Sequence
from pathlib import Path

from lamina.assessment.asking.client import Client, Via
from lamina.assessment.asking.filling import Failure, How, fill
from lamina.assessment.asking.matrix import Matrix, Wanted
from lamina.assessment.cells.cells import Cells, Subject
from lamina.assessment.exam.blend import parse_blend
from lamina.assessment.exam.questions import Topic
from lamina.assessment.exam.sampling import Sampling
from lamina.assessment.report.records import AnyRecord
from lamina.assessment.report.view import records
from lamina.progress import Progress, Silent


class Run:
    """One run over one folder of cells."""

    def __init__(  # noqa: PLR0913 - a run's whole order
        self,
        url: str,
        folder: Path,
        topics: Sequence[Topic],
        names: Sequence[str],
        *,
        n_drawn: int | None = None,
        sampling: Sampling = Sampling(),  # noqa: B008 - frozen
    ) -> None:
        self.url = url
        with Client(url) as client:
            digests = {layer.name: layer.digest for layer in client.layers()}
            base = client.base().digest
        blends = [parse_blend(name) for name in names]
        subjects = [Subject(one, tuple(digests.get(n, "?") for n in one.layers)) for one in blends]
        self.sampling = sampling
        self.cells = Cells(folder, base, None, sampling)
        self.matrix = Matrix(topics, subjects, seed=1, n_drawn=n_drawn)
        self.wanted: list[Wanted] = list(self.matrix.first())

    def fill(
        self,
        via: Via = "adapters",
        in_flight: int = 1,
        progress: Progress = Silent(),  # noqa: B008 - has no state
    ) -> tuple[Failure, ...]:
        """Ask what is missing."""
        how = How(self.sampling, via, in_flight)
        with Client(self.url) as client:
            return fill(self.wanted, self.cells, client, how, progress)

    def records(self) -> list[AnyRecord]:
        """What the cells say."""
        return list(records(self.wanted, self.cells))
