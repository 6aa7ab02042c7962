"""`lamina withdraw` as a person meets it: what is meant, and what is asked first."""

import json
from pathlib import Path

import pytest
from builders import MakePod, drop, version
from test_handover_commands import Shell

from lamina.errors import InvalidInputError
from lamina.fingerprint import file_digest
from lamina.stages import handover, withdrawing
from lamina.stages.pod import Pod


@pytest.fixture
def cpu(make_pod: MakePod, tmp_path: Path) -> Pod:
    return make_pod("cpu", store_url=str(tmp_path / "depot"))


def test_a_name_that_means_several_documents_is_refused_with_all_of_them(cpu: Pod) -> None:
    drop(cpu, "Leases/a.pdf")
    other = cpu.workspace.raw_pdfs / "Debt" / "a.pdf"
    other.parent.mkdir()
    other.write_text("another")

    with pytest.raises(InvalidInputError, match=r"Debt/a\.pdf .* Leases/a\.pdf"):
        withdrawing.plan(cpu, "a.pdf", None)

    assert [one.layer for one in withdrawing.plan(cpu, "Debt/a.pdf", None).documents] == ["Debt"]
    digest = file_digest(other)[:8]
    assert [one.layer for one in withdrawing.plan(cpu, digest, None).documents] == ["Debt"]


def test_mistakes_and_what_would_stop_a_layer_are_one_sentence(cpu: Pod) -> None:
    ref = version(cpu, [drop(cpu, "Leases/a.pdf")])
    handover.promote(cpu, "Leases", ref, "better")
    shell = Shell(cpu)

    for words, code, sentence in (
        (("no.pdf",), 3, "no document of this pod is called no.pdf"),
        ((), 2, "name a document"),
        (("a.pdf",), 2, "out of service on all pods; say so with --yes"),
        (("--undo", "a.pdf"), 3, "withdrawn is nothing"),
    ):
        done = shell("withdraw", *words)
        assert (done.returncode, sentence in done.stderr) == (code, True), done.stderr
        assert "Traceback" not in done.stderr
    assert handover.served(cpu, "Leases") == ref

    look = json.loads(shell("--json", "withdraw", "a.pdf", "--dry-run").stdout)
    assert (cpu.workspace.raw_pdfs / "Leases" / "a.pdf").exists()
    done = shell("withdraw", "a.pdf", "--yes")

    assert look["stops"] == {"Leases": [ref.digest]}
    assert done.returncode == 0, done.stderr
    assert handover.served(cpu, "Leases") is None
