"""What can be chosen: the settings of this pod, and the values of training."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lamina.cli.front import Choice, command
from lamina.cli.shared import pod_settings

if TYPE_CHECKING:
    from lamina.settings import Settings


@command("settings", "This pod", "settings --json")
def show_settings() -> None:
    """Print each setting: variable, value, where it came from, and what it means."""
    rows = _settings(pod_settings())
    if Choice.as_json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows.values():
        value = row["path"] or _shown(row["value"])
        given = "" if row["source"] == "default" else f"  ({row['source']})"
        print(f"{row['variable']} = {value}{given}\n    {row['meaning']}")


def _settings(chosen: "Settings") -> dict[str, dict[str, Any]]:
    from lamina import settings as pod
    from lamina.bounds import allowed, fields
    from lamina.rental_terms import Terms
    from lamina.workspace import Workspace

    work = Workspace(chosen)
    places = {
        "workspace": work.root,
        "base_model": work.base,
        "model_path": work.base_gguf(chosen),
        "pdf_archive_path": work.archive,
    }
    values = chosen.model_dump(mode="json")
    known = fields(type(chosen))
    rented = {name: known.pop(name) for name in Terms.model_fields}  # few pods rent: last
    return {
        name: {
            "variable": pod.names(name)[0],
            "value": values[name],
            "source": _source(name),
            "path": _path(places.get(name) or getattr(chosen, name)),
            "meaning": schema["description"],
            "allowed": allowed(schema),
        }
        for name, schema in (known | rented).items()
    }


def _source(name: str) -> str:
    from lamina.settings import origin

    return "--workspace" if name == "workspace" and Choice.workspace else origin(name)


def _path(value: object) -> str | None:
    return str(value.expanduser().absolute()) if isinstance(value, Path) else None


def _shown(value: object) -> str:
    if isinstance(value, list):
        return json.dumps(value)  # as --set takes it
    return "-" if value is None else str(value)


@command("profiles", "This pod", "profiles demo")
def profiles(
    names: Annotated[list[str] | None, typer.Argument(help="profiles; none = all")] = None,
) -> None:
    """Print the ways of training, and what of them --set can replace."""
    from lamina.bounds import allowed, fields
    from lamina.terminal import print_table
    from lamina.training.profiles import PRESETS, Profile, profile

    chosen = {name: profile(name).model_dump(mode="json") for name in names or PRESETS}
    values = {
        name: {"allowed": allowed(schema), "meaning": schema["description"]}
        for name, schema in fields(Profile).items()
        if name != "name"
    }
    if Choice.as_json:
        print(json.dumps({"profiles": chosen, "values": values}, indent=1))
        return
    print_table(
        [
            {"value": name, **{preset: _shown(one[name]) for preset, one in chosen.items()}}
            for name in values
        ]
    )
    print("\nwhat `train_layers --profile NAME --set VALUE=...` can replace:\n")
    print_table([{"value": name, **told} for name, told in values.items()])
