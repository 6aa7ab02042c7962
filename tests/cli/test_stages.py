"""Stages as a person runs them: what they say, what they made, and what they advise next."""

import json
import re

from command_line import Lamina
from made import Made
from statement import write_statement


def test_the_verdicts_name_the_scan_and_the_duplicate(with_handbooks: Lamina) -> None:
    rows = json.loads(with_handbooks("--json", "pdf_pretest").stdout)

    reasons = {row["file"]: row["reasons"] for row in rows if not row["recommended"]}
    assert reasons == {
        "scanned_count_sheet.pdf": ["no_text"],
        "copy_of_goodwill_chapter_1.pdf": ["duplicate"],
    }


def test_a_dataset_is_built_for_the_layers_that_are_named(with_handbooks: Lamina) -> None:
    folder = with_handbooks.workspace / "data/processed"

    facts = json.loads(with_handbooks("--json", "build_dataset", "Marlow_Leasing").stdout)
    told = with_handbooks("build_dataset", "Marlow_Leasing").stdout

    assert list(facts) == ["Marlow_Leasing"]
    rows = (folder / "train.jsonl").read_text().splitlines()
    assert len(rows) == facts["Marlow_Leasing"]["train_rows"]
    assert f"train.jsonl: {folder}/train.jsonl\n    rows {len(rows)}\n" in told
    assert told.endswith("next: lamina train_layers --plan\n")


def test_a_pretest_ends_with_where_its_verdicts_lie(with_handbooks: Lamina) -> None:
    told = with_handbooks("pdf_pretest").stdout

    verdicts = with_handbooks.workspace / "data/processed/pdf_pretest.json"
    made = f"made:\n  verdicts: {verdicts}\n    documents 25, of use 24\n"
    assert told.endswith(f"{made}next: lamina train_layers --plan\n")


def test_a_converted_base_is_told_with_its_place_and_size(lamina: Lamina, embedded: Made) -> None:
    embedded.gguf()  # the copy's store knows it already
    embedded.copy(lamina.workspace)

    told = lamina("convert_to_gguf").stdout

    path = lamina.workspace / "models/tiny-base.Q4_K_M.gguf"
    assert path.is_file()
    assert re.search(rf"made:\n  base: {path}\n    type Q4_K_M, size \d+\.\d MB\n", told)
    assert told.endswith("next: lamina serve\n")


def test_what_a_layer_is_taught_can_be_read(lamina: Lamina) -> None:
    write_statement(lamina.workspace / "data/raw_pdfs/Leases")
    folder = lamina.workspace / "data/processed"

    facts = json.loads(lamina("--json", "study", "Leases", "--show", "3").stdout)["Leases"]
    told = lamina("study", "--show", "3").stdout

    rows = [json.loads(line) for line in (folder / "study.jsonl").read_text().splitlines()]
    assert len(rows) == facts["rows"] == sum(facts["kinds"].values()) > 0
    assert len(facts["samples"]) == 3
    assert all(sample in rows for sample in facts["samples"])
    assert f"Leases, 3 of {facts['rows']} rows:" in told
    assert f"study.jsonl: {folder}/study.jsonl\n    rows {len(rows)}\n" in told
    assert told.endswith("next: lamina train_layers --plan\n")
