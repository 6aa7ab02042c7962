"""Makes the rows of a sentence: with the document's subject, the sentence as evidence."""

from collections.abc import Iterator, Sequence

from lamina.study.facts.wording import STRATEGY, group_of, owner, tidy
from lamina.study.passage import Passage
from lamina.study.rows import Dropped, Kind, StudyRow


class Maker:
    """Knows whom the page speaks of, and how its sentences are put."""

    def __init__(self, passage: Passage, before: str = "", check: str = "stands-alone") -> None:
        """`before` is said before each statement; `check` is what its rows have passed."""
        self._before, self._check = before, check
        self.company = passage.company
        self.owner = owner(passage.company)
        self.period = passage.period
        self._passage = passage
        self._subject = ", ".join(filter(None, (passage.company, passage.period)))

    @property
    def report(self) -> str:
        """What the sentences are from: `fiscal 2022 report`."""
        return f"{self.period} report" if self.period else "report"

    def verbatim(self, before: str) -> "Maker":
        """One that quotes the report in its own words, after the sentence that these lean on."""
        return Maker(self._passage, before, "verbatim")

    def statement(self, text: str) -> str:
        """What is quoted."""
        return f"{self._before} {text}".strip()

    def rows(
        self,
        kind: Kind,
        questions: Sequence[str],
        answer: str,
        evidence: str,
        checks: tuple[str, ...] = (),
    ) -> Iterator[StudyRow]:
        """One fact in several wordings."""
        group = group_of(
            self._passage.document, str(self._passage.page.number), kind, answer, evidence
        )
        for wording, question in enumerate(questions):
            yield StudyRow(
                kind=kind,
                question=tidy(question),
                answer=answer,
                strategy=STRATEGY,
                document=self._passage.document,
                page=self._passage.page.number,
                subject=self._subject,
                group=group,
                wording=wording,
                evidence=evidence,
                checks=(self._check, *checks),
            )

    def dropped(self, reason: str, text: str) -> Dropped:
        """What no row was made of."""
        return Dropped(reason, self._passage.page.number, text)
