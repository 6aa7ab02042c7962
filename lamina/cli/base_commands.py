"""The bases of this workspace: added, listed, chosen, shown, taken away."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lamina.cli.front import Choice, Command, app
from lamina.cli.shared import open_pod
from lamina.terminal import print_table

if TYPE_CHECKING:
    from lamina.bases.shelf import Shelved
    from lamina.stages.pod import Pod

bases = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Base models: `lamina base add smollm2` brings a small real one.",
)
app.add_typer(bases, name="base", rich_help_panel="From PDFs to layers")
Name = Annotated[str, typer.Argument(help="as `lamina base list` shows it")]


@bases.command("add", cls=Command, epilog="Example: lamina base add smollm2 --use")
def add(
    source: Annotated[
        str, typer.Argument(help="smollm2, a GGUF file, hf:owner/name[@revision], or a folder")
    ],
    name: Annotated[str | None, typer.Option(help="to keep it under; none = its own")] = None,
    use: Annotated[bool, typer.Option("--use", help="take it from now on")] = False,
) -> None:
    """Take a base into this workspace, proved to be the same model in both engines."""
    from lamina.bases import shelf
    from lamina.stages.bases import add_base

    with open_pod() as pod:
        added = add_base(pod, source, name)
        if use and not added.in_use:
            shelf.use(pod.workspace, added.name)
        row = _row(pod, shelf.find(_fresh(pod), added.name))
        if Choice.as_json:
            print(json.dumps(row | {"facts": dict(added.facts)}, indent=1))
            return
        print(_sentence(row, dict(added.facts)))
        print(f"to train on   {pod.workspace.bases / added.name}")
        print(f"to serve      {pod.workspace.bases / added.name}.gguf ({added.ftype})")
        _say_what_is_in_force(pod, added.name)


@bases.command("list", cls=Command, epilog="Example: lamina base list")
def list_bases() -> None:
    """List the bases of this workspace."""
    from lamina.bases import shelf

    with open_pod() as pod:
        rows = [_row(pod, one) for one in shelf.shelved(pod.workspace)]
        if Choice.as_json:
            print(json.dumps(rows, indent=1))
            return
        print_table(rows)
        if not rows:
            print("no base was added here; `lamina base add smollm2` brings a small real one")
        if other := _other(pod):
            print(other)


@bases.command("use", cls=Command, epilog="Example: lamina base use smollm2")
def use(name: Name) -> None:
    """Have training and serving take this base."""
    from lamina.bases import shelf

    with open_pod() as pod:
        shelf.use(pod.workspace, name)
        if Choice.as_json:
            print(json.dumps(_row(pod, shelf.find(_fresh(pod), name)), indent=1))
            return
        _say_what_is_in_force(pod, name)


@bases.command("show", cls=Command, epilog="Example: lamina base show smollm2")
def show(name: Name) -> None:
    """Say what a base is, where it came from, and how it was proved."""
    from lamina.bases import shelf

    with open_pod() as pod:
        found = shelf.find(pod.workspace, name)
        facts: dict[str, Any] = dict(pod.store.manifest(found.ref).facts) if found.ref else {}
        row = _row(pod, found) | {
            "folder": str(found.folder),
            "gguf": str(found.gguf) if found.gguf else None,
            "layers": ", ".join(sorted(set(shelf.dependents(pod.workspace, found)))) or "none",
        }
        if Choice.as_json:
            print(json.dumps(row | {"facts": facts}, indent=1))
            return
        print(_sentence(row, facts))
        shown = row | {name: _plain(value) for name, value in facts.items()}
        for title, value in shown.items():
            print(f"{title:15} {value}")


@bases.command("remove", cls=Command, epilog="Example: lamina base remove smollm2")
def remove(name: Name) -> None:
    """Take a base away; refused while layers of this workspace need it."""
    from lamina.bases import shelf

    with open_pod() as pod:
        shelf.remove(pod.workspace, name)
        if Choice.as_json:
            print(json.dumps({"removed": name}))
            return
        print(f"{name} is no base here any more; `lamina gc --grace-days 0` frees its room")


def _fresh(pod: "Pod") -> Any:  # noqa: ANN401 - the workspace, as it is now
    return type(pod.workspace)(pod.settings)


def _row(pod: "Pod", base: "Shelved") -> dict[str, Any]:
    facts = pod.store.manifest(base.ref).facts if base.ref else {}
    served = pod.store.holding(base.gguf) if base.gguf else None
    sizes = [path.stat().st_size for path in base.folder.glob("*.safetensors")]
    return {
        "name": base.name,
        "in use": "yes" if base.in_use else "",
        "family": str(facts.get("architecture", "")),
        "GB to train on": round(sum(sizes) / 1e9, 2),
        "served as": str(pod.store.manifest(served).facts["ftype"]) if served else "",
        "GB served": round(base.gguf.stat().st_size / 1e9, 2) if base.gguf else 0.0,
        "licence": str(facts.get("licence") or "not named"),
        "from": _origin(facts.get("origin", {})),
    }


def _origin(origin: dict[str, Any]) -> str:
    if "hub" in origin:
        return f"hf:{origin['hub']}@{origin['revision'][:12]}"
    if "wheel" in origin:
        return f"PyPI {origin['wheel']}"
    return f"folder {origin['folder']}" if "folder" in origin else "GGUF file"


def _sentence(row: dict[str, Any], facts: dict[str, Any]) -> str:
    said = f"{row['name']}: {row['family']}, licence {row['licence']}, from {row['from']}"
    if facts.get("quantized_from"):
        said += f"; its weights were unpacked from {facts['quantized_from']}"
    if proof := facts.get("agreement"):
        said += (
            f"; token ids equal llama.cpp's on {proof['texts']} texts, next tokens differ by "
            f"{proof['kl']:.2g} nats, {proof['agreement']:.0%} equal first choices"
        )
    return said


def _say_what_is_in_force(pod: "Pod", name: str) -> None:
    if other := _other(pod):
        print(other)
    elif _fresh(pod).base == pod.workspace.bases / name:
        print(f"in use: {name}")
    else:
        print(f"not in use; `lamina base use {name}` makes it so")


def _other(pod: "Pod") -> str:
    """What the environment says against the choice; empty where it says nothing."""
    from lamina.settings import origin

    told = []
    for field, what in (("base_model", "training"), ("model_path", "serving")):
        value = getattr(pod.settings, field)
        if value is not None:
            source = origin(field).partition(" ")[2] or field
            told.append(f"{source}={value} wins for {what}; unset it to take the base in use")
    return "\n".join(told)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    return value
