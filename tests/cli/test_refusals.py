"""What cannot be is one sentence, told before anything starts."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from command_line import Lamina, refuses

from lamina.workspace import EMBEDDED_BASE


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("build_dataset --chunk-tokens 5", "--chunk-tokens cannot be 5: .* from 32 to 32,768"),
        ("train_layers --chunk-tokens 5", "--chunk-tokens cannot be 5: .* from 32 to 32,768"),
        ("train_level1 --chunk-tokens 5", "--chunk-tokens cannot be 5: .* from 32 to 32,768"),
        ("qa_layers --max-tokens 0", "--max-tokens cannot be 0: .* from 1 to 4,096"),
        ("publish_layers --max-tokens 0", "--max-tokens cannot be 0: .* from 1 to 4,096"),
        ("parity --tokens 1", "--tokens cannot be 1: .* from 50 to 100,000"),
        ("parity --merged maybe", "--merged cannot be 'maybe': .* one of auto, yes, no"),
        ("pdf_pretest --ocr-language 'x y'", "--ocr-language cannot be 'x y': .* deu or eng[+]fra"),
        ("pdf_pretest --language xx", "--language cannot be 'xx': .* one of any, cs, de"),
        ("watch --settle-s -1", "--settle-s cannot be -1.0: .* from 0 to 3,600"),
        ("gc --keep 0", "--keep cannot be 0: .* from 1 to 1,000"),
        ("train_all --rate-factor 0", "--rate-factor cannot be 0.0: .* above 0"),
        ("train_all --rate-factor 1e9", "learning_rate cannot be 200000.0: .* below 1"),
        ("train_all --merge level9", "level9 cannot be merged, .* level1, level2, level3"),
        ("train_all --set general_share=0.1", "leave general_share out"),
        ("train_layers --profile level9", "'level9' is unknown; .* level1, level2, level3"),
        ("train_layers --set epoch=3", "epoch is unknown; choose one of epochs, "),
        ("train_layers --set learning_rate=abc", "learning_rate cannot be 'abc': .* above 0"),
        ("train_layers --set learning_rate=2", "learning_rate cannot be 2: .* below 1"),
        ("train_layers --set epochs=Infinity", "epochs cannot be inf: .* a number above 0"),
        ("train_layers --set keep=first", "keep cannot be 'first': .* one of best, last"),
        ("train_layers --set epochs", "--set epochs has no value; write --set name=value"),
        ("train_layers ../etc", "layer name '../etc' cannot be used"),
        ("train_layers a/b", "layer name 'a/b' cannot be used"),
        ("train_layers ..", "layer name '..' cannot be used"),
        ("qa_layers --blend A:x", "'A:x' is no blend"),
        ("publish_layers", "there is no depot .* set LAMINA_STORE_URL"),
        ("parity --tokens many", "'--tokens': .*valid integer.*`lamina parity -h` tells more"),
        ("parity --token 5", "No such option: --token .*--tokens"),
        ("train_layer", "No such command 'train_layer'. Did you mean 'train_layers'"),
        ("export_layers Leases", "layer Leases is not trained .* run train_layers"),
        ("serve", r"tiny-base.Q4_K_M.gguf; run `lamina convert_to_gguf`.* or set MODEL_PATH"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_what_could(
    lamina: Lamina, words: str, said: str
) -> None:
    refuses(lamina(*shlex.split(words)), said)

    assert lamina.started == []


def test_a_setting_that_cannot_be_is_named_by_its_variable(lamina: Lamina) -> None:
    refuses(lamina("settings", N_CTX="many"), "setting N_CTX cannot be 'many': .* at least 64")


def test_a_range_that_can_be_is_none_of_it(with_handbooks: Lamina) -> None:
    done = with_handbooks("train_layers", "--chunk-tokens", "32", "--set", "epochs=0.5")

    assert done.exit_code == 0, done.stderr
    (name, order), *_ = with_handbooks.started
    assert (name, order["chunk_tokens"], order["overrides"]) == (
        "train_layers",
        32,
        {"epochs": 0.5},
    )


def test_a_folder_that_cannot_name_a_layer_is_told_with_a_name_that_could(lamina: Lamina) -> None:
    inbox = lamina.workspace / "data/raw_pdfs/ASC 842 Leases"
    inbox.mkdir(parents=True)
    (inbox / "a.pdf").write_bytes(b"%PDF")

    for command in ("train_layers", "pdf_pretest"):
        refuses(lamina(command), r"such as ASC_842_Leases; rename the folder .*/ASC 842 Leases")


def test_what_needs_a_base_names_the_command_that_brings_one(lamina: Lamina) -> None:
    for command in ("serve", "qa_layers"):
        refuses(lamina(command, LAMINA_BASE_MODEL=""), "no base .* `lamina base add smollm2`")


@pytest.mark.parametrize("flow", ["train_layers", "train_all"])
def test_a_missing_base_is_told_before_a_flow_starts(with_handbooks: Lamina, flow: str) -> None:
    refuses(
        with_handbooks(flow, LAMINA_BASE_MODEL=""), "hf_mistral is not there.*LAMINA_BASE_MODEL"
    )

    assert with_handbooks.started == []


def test_an_incomplete_base_names_the_missing_file(with_handbooks: Lamina) -> None:
    base = with_handbooks.folder / "base"
    shutil.copytree(EMBEDDED_BASE, base)
    (base / "model.safetensors").unlink()

    for command in ("train_layers", "convert_to_gguf"):
        done = with_handbooks(command, LAMINA_BASE_MODEL=str(base))
        refuses(done, f"{base} is incomplete: model.safetensors is missing")
    assert with_handbooks.started == []


def test_questions_need_a_server_or_a_base_to_start_one_on(lamina: Lamina) -> None:
    refuses(lamina("qa_layers", LAMINA_PORT="1"), "no server answers .*no base .*convert_to_gguf")

    assert lamina.started == []


def test_no_pdfs_is_said_with_the_folder_to_put_them_in(lamina: Lamina) -> None:
    for command in ("train_layers", "pdf_pretest"):
        refuses(lamina(command), "no PDFs in .*raw_pdfs")
    assert lamina.started == []


def test_an_unknown_layer_is_told_with_the_known_ones(with_handbooks: Lamina) -> None:
    for command in ("train_layers", "build_dataset"):
        refuses(with_handbooks(command, "Leases"), "layer Leases has no usable.*Marlow_Leasing")
    assert with_handbooks.started == []


def test_an_unknown_layer_is_not_asked(lamina: Lamina, base_q4: Path) -> None:
    done = lamina("qa_layers", "Leases", LAMINA_PORT="1", MODEL_PATH=str(base_q4))

    refuses(done, "layer Leases is not in .*adapters_gguf; choose among: none so far")
    assert lamina.started == []


def test_a_depot_may_bring_pdfs_that_are_not_here_yet(lamina: Lamina) -> None:
    done = lamina("train_layers", "Leases", LAMINA_STORE_URL=str(lamina.folder / "depot"))

    assert done.exit_code == 0, done.stderr
    assert [name for name, _ in lamina.started] == ["train_layers"]


FLOWS = ("train_layers", "train_all", "demo", "qa_layers", "publish_layers")


@pytest.mark.parametrize("flow", FLOWS)
def test_a_small_disk_is_told_in_units_that_say_something(
    lamina: Lamina, small_disk: Path, flow: str
) -> None:
    done = lamina("--workspace", str(small_disk / "workspace"), flow)

    refuses(done, r"a run needs about 64.0 MB under .*, but 6\.\d MB are free; free some space")
    assert lamina.started == []


def test_a_full_disk_is_one_sentence_from_a_stage_too(
    lamina: Lamina, handbooks: Path, small_disk: Path
) -> None:
    workspace = small_disk / "workspace"
    assert lamina("--workspace", str(workspace), "versions").exit_code == 0  # makes its folders
    shutil.copytree(handbooks / "Marlow_Leasing", workspace / "data/raw_pdfs/Marlow_Leasing")
    (small_disk / "filler").write_bytes(bytes(shutil.disk_usage(small_disk).free))

    refuses(
        lamina("--workspace", str(workspace), "pdf_pretest"), "disk.* is full.* free some space"
    )


@pytest.mark.parametrize("command", ["train_layers", "demo", "pdf_pretest"])
def test_a_read_only_workspace_is_one_sentence(
    lamina: Lamina, handbooks: Path, small_disk: Path, command: str
) -> None:
    workspace = small_disk / "workspace"
    assert lamina("--workspace", str(workspace), "versions").exit_code == 0  # makes its folders
    shutil.copytree(handbooks / "Marlow_Leasing", workspace / "data/raw_pdfs/Marlow_Leasing")
    again = ["mount", "-o", "remount,ro", str(small_disk)]
    subprocess.run(again, check=True)

    refuses(lamina("--workspace", str(workspace), command), "LAMINA_WORKSPACE")
    assert lamina.started == []


def test_a_file_in_the_workspaces_place_is_told(lamina: Lamina) -> None:
    (lamina.folder / "file").write_text("in the way")

    for command in ("train_layers", "pdf_pretest"):
        refuses(lamina("--workspace", "file/ws", command), "file/ws.*LAMINA_WORKSPACE")
