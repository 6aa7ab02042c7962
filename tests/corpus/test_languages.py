"""The language is a choice of the run, and part of what a verdict is remembered by."""

from pathlib import Path
from typing import get_args

import pytest
from pods import pod_on

from lamina.cli.shared import reading
from lamina.corpus.languages import known_languages
from lamina.errors import InvalidInputError
from lamina.orders import Reading
from lamina.stages import corpus
from lamina.stages.pod import Pod
from lamina.text.verdicts import read_verdicts

GERMAN = "Die Gesellschaft bewertet jede Miete mit dem Barwert der Zahlungen und zeigt sie dort. "


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    pod = pod_on(tmp_path)
    (pod.workspace.raw_pdfs / "miete.txt").write_text(GERMAN * 9)
    return pod


def outcome(pod: Pod, language: str) -> tuple[str, ...]:
    chosen = Reading.model_validate({"language": language})
    ref = corpus.pdf_pretest(pod, corpus.find_documents(pod), chosen)
    (verdict,) = read_verdicts(pod.store, ref).verdicts
    return verdict.reasons


def test_a_document_is_accepted_in_its_own_language_and_by_any(pod: Pod) -> None:
    assert [outcome(pod, language) for language in ("en", "de", "any", "en")] == [
        ("language",),
        (),
        (),
        ("language",),
    ]


def test_the_form_offers_every_known_language() -> None:
    offered = get_args(Reading.model_fields["language"].annotation)

    assert sorted(offered) == sorted(known_languages())


def test_an_unknown_language_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInputError, match=r"--language cannot be 'xx': .* one of any, .*de"):
        reading("xx", ocr=False, ocr_language="eng")
