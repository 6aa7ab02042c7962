"""Help, version, names and options as a person may write them."""

import json
import shlex
import subprocess
import sys

import pytest
import typer
from command_line import Lamina, Shell
from typer.main import get_command

from lamina import __version__
from lamina.cli import app
from lamina.cli.front import FIRST, GROUPS

COMMANDS = get_command(app).commands
LEAVES = {
    (name, *([inner] if inner else [])): leaf
    for name, command in COMMANDS.items()
    for inner, leaf in getattr(command, "commands", {"": command}).items()
}


def test_help_lists_every_command_once_in_its_group(lamina: Lamina) -> None:
    shown = lamina("-h").stdout

    assert [shown.count(f"─ {group} ─") for group in GROUPS] == [1] * len(GROUPS)
    for name in COMMANDS:
        assert shown.count(f"│ {name} ") == 1


def test_the_commands_of_the_first_day_stand_first_in_the_order_of_their_use(
    lamina: Lamina,
) -> None:
    shown = lamina("-h").stdout

    places = [shown.index(f"│ {name} ") for name in (*FIRST, "parity")]
    assert places == sorted(places)


@pytest.mark.parametrize("name", LEAVES, ids=" ".join)
def test_each_command_shows_an_example_that_it_understands(
    lamina: Lamina, name: tuple[str, ...]
) -> None:
    shown = lamina(*name, "-h")

    assert shown.exit_code == 0
    (line,) = (line for line in shown.stdout.splitlines() if line.startswith(" Example: lamina "))
    words = shlex.split(line)[2:]
    assert words[: len(name)] == [*name]
    front = typer.Context(get_command(app))
    assert LEAVES[name].make_context(name[-1], words[len(name) :], parent=front)


def test_the_version_is_told(lamina: Lamina) -> None:
    assert lamina("--version").stdout == f"lamina {__version__}\n"


def test_hyphens_are_as_good_as_underscores(lamina: Lamina) -> None:
    assert lamina("pdf-pretest", "-h").stdout == lamina("pdf_pretest", "-h").stdout


@pytest.mark.parametrize("words", [("--json", "settings"), ("settings", "--json")])
def test_json_is_asked_for_before_or_after_the_command(
    lamina: Lamina, words: tuple[str, str]
) -> None:
    assert json.loads(lamina(*words).stdout)["port"]["value"] == 5000


def test_the_workspace_is_named_before_or_after_the_command(lamina: Lamina) -> None:
    before, after = lamina("--workspace", "w", "settings"), lamina("settings", "--workspace", "w")

    assert before.stdout == after.stdout
    assert str(lamina.folder / "w" / "models") in after.stdout


def test_serve_shows_the_servers_flags_with_their_meaning(lamina: Lamina) -> None:
    shown = lamina("serve", "--help").stdout

    assert "--lora-init-without-apply" in shown
    assert "requests run at the same time" in shown
    assert "Example: lamina serve" in shown


def test_the_shell_completes_commands_and_layers(shell: Shell) -> None:
    (shell.folder / "workspace/data/raw_pdfs/Leases").mkdir(parents=True)

    def completed(words: str) -> list[str]:
        told = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
        program = "from lamina.cli import app; app(prog_name='lamina')"
        return subprocess.run(
            [sys.executable, "-c", program],
            env={**shell.environment, **told, "_LAMINA_COMPLETE": "complete_bash"},
            cwd=shell.folder, capture_output=True, text=True, check=False,
        ).stdout.split()  # fmt: skip

    assert completed("lamina train_l") == [
        "train_layers", "train_level1", "train_level2", "train_level3",
    ]  # fmt: skip
    assert completed("lamina train_layers Le") == ["Leases"]
    # Typer looks at its parents for a shell, and there may be none.
    asked = shell("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert "complete_bash" in asked.stdout


def test_no_words_show_the_help(lamina: Lamina) -> None:
    shown = lamina()

    assert "From PDFs to layers" in shown.stdout
    assert shown.stderr == ""
