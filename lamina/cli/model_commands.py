"""From layers to files that are served: exported, merged, converted, folded, proved equal."""

import json
from typing import Annotated

import typer

from lamina.cli.shared import Choice, Layers, app, open_pod, print_ref, print_table
from lamina.errors import InvalidInputError, MismatchError

Ftype = Annotated[str, typer.Option(help="of llama.cpp's types, such as Q4_K_M, Q5_K_M, F16")]
KeepF16 = Annotated[bool, typer.Option("--keep-f16", help="leave the F16 file in the store")]


@app.command("export_layers")
def export_layers(names: Layers = None) -> None:
    """Turn trained layers into GGUF, with their passports inside."""
    from lamina.stages import layers

    with open_pod() as pod:
        adapters = layers.trained_layers(pod, names or [])
        files = layers.export_layers(pod, list(adapters.values()))
        layers.publish_layers(pod, adapters, files)
        for name in adapters:
            print(pod.workspace.adapters_gguf / f"{name}.gguf")


@app.command("merge_level")
def merge_level(
    levels: Annotated[
        list[str] | None,
        typer.Argument(help="levels or layers, with weights: Leases:0.6; none = the best level"),
    ] = None,
) -> None:
    """Merge levels or layers into the base, under peft/merged."""
    from lamina.stages import corpus, models

    with open_pod() as pod:
        base = corpus.find_base(pod)
        names, merged = models.merge_best(pod, base, levels or [])
        print(f"{pod.workspace.merged} holds {', '.join(names)}")
        print_ref(pod, merged)


@app.command("convert_to_gguf")
def convert_to_gguf(
    merged: Annotated[bool, typer.Option(help="the model under peft/merged, not the base")] = False,
    ftype: Ftype = "Q4_K_M",
    keep_f16: KeepF16 = False,
    imatrix: Annotated[
        str | None, typer.Option(help="layer whose text says which weights matter (base only)")
    ] = None,
) -> None:
    """Convert the base (or the merged model) to GGUF, and quantize it."""
    from lamina.stages import corpus, models

    if merged and imatrix:
        msg = "--imatrix is for the base; leave it or --merged out"
        raise InvalidInputError(msg)
    with open_pod() as pod:
        if merged:
            print(models.convert_published_merge(pod, ftype, keep_f16=keep_f16))
            return
        base = corpus.find_base(pod)
        importance = models.importance_of(pod, base, imatrix) if imatrix else None
        gguf = models.convert_base(pod, base, ftype, keep_f16=keep_f16, importance=importance)
        print(models.publish_base(pod, gguf))


@app.command("fold_blend")
def fold_blend(
    name: Annotated[str, typer.Argument(help="of the new layer")],
    blend: Annotated[str, typer.Argument(help="such as Leases:0.6+Debt:0.4")],
    rank: Annotated[
        int | None, typer.Option(min=1, help="of the new layer; none = exact, the ranks' sum")
    ] = None,
) -> None:
    """Fold a blend into one layer of its own, export and publish it."""
    from lamina.stages import layers, models

    with open_pod() as pod:
        folded = models.fold_blend(pod, name, blend, rank)
        layers.publish_layers(pod, {name: folded}, layers.export_layers(pod, [folded]))
        facts = pod.store.manifest(folded).facts
        if not Choice.as_json:
            print(
                f"{name}: rank {facts['passport']['rank']}, relative error {facts['error']:.2e} "
                f"(largest of a weight: {facts['largest_error']:.2e})"
            )
        print_ref(pod, folded)


@app.command("parity")
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
    order = CheckParity.model_validate({"tokens": tokens, "merged": merged})
    with open_pod() as pod:
        adapters = layers.trained_layers(pod, names or [])
        ladders = {}
        for name, adapter in adapters.items():
            ref = stage.check_parity(pod, adapter, order)
            stage.publish_parity(pod, ref)
            ladders[name] = stage.verdict(pod, ref)
    if Choice.as_json:
        print(json.dumps({name: one.model_dump() for name, one in ladders.items()}, indent=1))
    else:
        print_table([{"layer": name, **row} for name, one in ladders.items() for row in one.rows()])
    failed = [one.sentence for one in ladders.values() if not one.passed]
    if failed:
        raise MismatchError(". ".join(failed))


def _parity_served(names: list[str]) -> None:
    from lamina.stages import parity as stage

    with open_pod() as pod:
        if not names:
            here = [path.stem for path in sorted(pod.workspace.adapters_gguf.glob("*.gguf"))]
            names = [name for name in here if stage.parity_view(pod, name).exists()]
            for name in sorted(set(here) - set(names)):
                pod.progress.say(f"{name} has no parity ladder here: left out")
        found = [stage.check_served(pod, name) for name in names]
    if Choice.as_json:
        print(json.dumps([one.model_dump() for one in found], indent=1))
    else:
        print_table([one.row() for one in found])
    failed = [one.sentence for one in found if not one.passed]
    if failed:
        raise MismatchError(". ".join(failed))
