"""Whether layers say as GGUF what they say in PyTorch."""

import json
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from lamina.cli.front import Choice, command
from lamina.cli.shared import Layers, finish, open_pod, order
from lamina.errors import MismatchError
from lamina.summary import Made, Summary


@command("parity", "Serve and measure", "parity Leases --tokens 500")
def parity(
    names: Layers = None,
    tokens: Annotated[int, typer.Option(help="held-out tokens to compare on")] = 2000,
    merged: Annotated[
        str, typer.Option(help="also the merged model: auto (bases up to 2 GB), yes or no")
    ] = "auto",
    served: Annotated[
        bool, typer.Option(help="this pod's own files against the recorded ladder; no torch")
    ] = False,
) -> None:
    """Prove that layers say as GGUF what they say in PyTorch; fails where one does not."""
    from lamina.orders import CheckParity
    from lamina.stages import layers
    from lamina.stages import parity as stage

    if served:
        _parity_served(names or [])
        return
    asked = order(CheckParity, tokens=tokens, merged=merged)
    with open_pod() as pod:
        adapters = layers.trained_layers(pod, names or [])
        ladders, made = {}, []
        for name, adapter in adapters.items():
            ref = stage.check_parity(pod, adapter, asked)
            made.append(Made(f"parity of {name}", stage.publish_parity(pod, ref)))
            ladders[name] = stage.verdict(pod, ref)
    _tell(
        {name: one.model_dump() for name, one in ladders.items()},
        [{"layer": name, **row} for name, one in ladders.items() for row in one.rows()],
    )
    if not Choice.as_json:
        finish(Summary(tuple(made), next=("lamina push", "lamina qa_layers")))
    _refuse(one.sentence for one in ladders.values() if not one.passed)


def _parity_served(names: list[str]) -> None:
    from lamina.stages import parity as stage

    with open_pod() as pod:
        if not names:
            here = [path.stem for path in sorted(pod.workspace.adapters_gguf.glob("*.gguf"))]
            names = [name for name in here if stage.parity_view(pod, name).exists()]
            for name in sorted(set(here) - set(names)):
                pod.progress.say(f"{name} has no parity ladder here: left out")
        found = [stage.check_served(pod, name) for name in names]
    _tell([one.model_dump() for one in found], [one.row() for one in found])
    _refuse(one.sentence for one in found if not one.passed)


def _tell(facts: Any, rows: list[dict[str, Any]]) -> None:  # noqa: ANN401 - whatever JSON can say
    from lamina.terminal import print_table

    if Choice.as_json:
        print(json.dumps(facts, indent=1))
    else:
        print_table(rows)


def _refuse(failures: Iterable[str]) -> None:
    if said := ". ".join(failures):
        raise MismatchError(said)
