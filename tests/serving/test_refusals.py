"""A server that cannot start says why in one sentence, and ends with that error's code."""

import re
import socket
import sys
from pathlib import Path

import pytest

from lamina.errors import BusyError, DamagedError, InvalidInputError, NotFoundError, ResourceError
from lamina.serving.__main__ import main
from lamina.serving.launch import running_server

Captured = pytest.CaptureFixture[str]


def refusal(captured: Captured, model: Path, *flags: object) -> tuple[int, str]:
    """Exit code and last words of a server that cannot start; in this process, as a shell's."""
    code = main(["--model", str(model), "--port", "0", *map(str, flags)])
    return code, captured.readouterr().err


def test_a_taken_port_is_one_sentence_and_its_exit_code(base_gguf: Path, capsys: Captured) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, said = refusal(capsys, base_gguf, "--port", taken.getsockname()[1])

    assert code == BusyError.exit_code
    assert re.fullmatch(r"error: port \d+ of 127.0.0.1 is taken; .*\n", said)


def test_an_unknown_flag_is_one_sentence(capsys: Captured) -> None:
    assert main(["--prot", "5001"]) == InvalidInputError.exit_code
    assert capsys.readouterr().err == (
        "error: unrecognized arguments: --prot 5001; `lamina serve -h` tells more\n"
    )


def test_a_setting_that_cannot_be_is_no_traceback(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("N_CTX", "many")

    assert main([]) == InvalidInputError.exit_code
    assert capsys.readouterr().err.startswith("error: setting N_CTX cannot be 'many'")


def test_a_damaged_base_is_one_sentence_and_its_exit_code(
    tmp_path: Path, base_gguf: Path, capsys: Captured
) -> None:
    damaged = tmp_path / "cut.gguf"
    damaged.write_bytes(base_gguf.read_bytes()[:200_000])

    assert refusal(capsys, damaged)[0] == DamagedError.exit_code


def test_a_context_beyond_the_memory_is_one_sentence(base_gguf: Path, capsys: Captured) -> None:
    code, said = refusal(capsys, base_gguf, "--n_ctx", 2_000_000_000)

    assert code == ResourceError.exit_code
    assert "start with a smaller --n_ctx or --n_parallel" in said
    assert said.count("\n") == 1


def test_the_engine_waits_little_for_the_interpreter(base_gguf: Path, capsys: Captured) -> None:
    sys.setswitchinterval(0.005)  # Python's own

    refusal(capsys, base_gguf, "--queue", -1)  # far enough

    assert sys.getswitchinterval() < 0.001


@pytest.mark.parametrize(
    ("flag", "value", "error"),
    [
        ("--port", 70000, InvalidInputError),
        ("--queue", -1, InvalidInputError),
        ("--flash_attn", "maybe", InvalidInputError),
        ("--repack", "maybe", InvalidInputError),
        ("--lora", "/no/such.gguf", NotFoundError),
        ("--model", "/no/such.gguf", NotFoundError),
        ("--host", "0.0.0.0", InvalidInputError),  # noqa: S104 - without a key
    ],
)
def test_a_flag_that_cannot_be_is_one_sentence(
    base_gguf: Path, capsys: Captured, flag: str, value: object, error: type[InvalidInputError]
) -> None:
    code, said = refusal(capsys, base_gguf, flag, value)

    assert code == error.exit_code
    assert said.count("\n") == 1


def test_kv_that_q8_0_cannot_hold_is_one_sentence(base_gguf: Path, capsys: Captured) -> None:
    code, said = refusal(capsys, base_gguf, "--kv_type", "q8_0")

    assert code == InvalidInputError.exit_code
    assert "heads of 16 values" in said


def test_what_the_server_says_becomes_the_callers_error(tmp_path: Path) -> None:
    broken = tmp_path / "x.gguf"
    broken.write_bytes(b"no model")
    with pytest.raises(DamagedError, match=r"x\.gguf"), running_server(broken):
        pass
