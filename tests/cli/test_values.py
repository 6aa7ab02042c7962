"""What can be chosen is told: the settings of a pod, and the values of training."""

import json

from command_line import Lamina, refuses

from lamina.settings import Settings
from lamina.training.profiles import PRESETS, Profile, profile


def test_each_setting_has_variable_value_source_path_and_meaning(lamina: Lamina) -> None:
    (lamina.folder / ".env").write_text("LAMINA_PORT=5001\n")

    told = json.loads(lamina("settings", "--json", N_CTX="512", PDF_ARCHIVE_PATH="~/a").stdout)

    assert set(told) == set(Settings.model_fields)
    assert told["n_ctx"]["variable"] == "N_CTX"
    assert (told["n_ctx"]["value"], told["n_ctx"]["source"]) == (512, "environment N_CTX")
    assert (told["port"]["value"], told["port"]["source"]) == (5001, ".env LAMINA_PORT")
    assert (told["seed"]["source"], told["seed"]["path"]) == ("default", None)
    assert told["port"]["allowed"] == "a whole number from 0 to 65,535"
    assert told["workspace"]["path"] == str(lamina.workspace)
    assert told["model_path"]["path"].startswith(str(lamina.workspace / "models"))
    assert told["pdf_archive_path"]["path"].endswith("/a")
    assert "~" not in told["pdf_archive_path"]["path"]
    assert all(one["meaning"] for one in told.values())


def test_a_key_is_not_shown(lamina: Lamina) -> None:
    assert "hunter2" not in lamina("settings", LAMINA_API_KEY="hunter2").stdout


def test_profiles_are_listed_with_every_value(lamina: Lamina) -> None:
    told = json.loads(lamina("profiles", "--json").stdout)

    assert told["profiles"] == {name: profile(name).model_dump(mode="json") for name in PRESETS}
    assert set(told["values"]) == set(Profile.model_fields) - {"name"}
    assert told["values"]["rank"]["allowed"] == "a whole number from 1 to 1,024"
    assert all(one["meaning"] for one in told["values"].values())


def test_one_profile_is_shown_in_the_form_that_set_takes(lamina: Lamina) -> None:
    shown = lamina("profiles", "level1").stdout

    assert '["q_proj", "v_proj"]' in shown
    assert "level2" not in shown


def test_an_unknown_profile_is_told(lamina: Lamina) -> None:
    refuses(lamina("profiles", "level9"), "'level9' is unknown; choose one of level1")


def test_a_setting_stands_before_its_meaning_those_of_a_rented_gpu_last(lamina: Lamina) -> None:
    lines = lamina("settings", N_CTX="512", COLUMNS="40").stdout.splitlines()

    assert lines[0] == f"LAMINA_WORKSPACE = {lamina.workspace}"
    assert lines[lines.index("N_CTX = 512  (environment N_CTX)") + 1].startswith("    context")
    assert lines[-2].startswith("LAMINA_GPU_")


def test_names_are_not_broken_on_a_narrow_terminal(lamina: Lamina) -> None:
    shown = lamina("profiles", COLUMNS="90", FORCE_COLOR="1").stdout

    assert shown.count(" learning_rate ") == 2


def test_a_pipe_gets_one_line_a_row(lamina: Lamina) -> None:
    lines = lamina("profiles", COLUMNS="40").stdout.splitlines()

    assert max(map(len, lines)) > 80
    assert len(lines) <= 2 * len(Profile.model_fields) + 4
    assert all(line == line.rstrip() for line in lines)
