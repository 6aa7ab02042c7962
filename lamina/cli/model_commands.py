"""From layers to files that are served: exported, merged, converted, folded."""

from pathlib import Path
from typing import Annotated, Final

import typer

from lamina.cli.front import command
from lamina.cli.shared import Layers, finish, open_pod
from lamina.errors import InvalidInputError, size
from lamina.summary import Made, Summary

MODELS: Final = "Models"

Ftype = Annotated[str, typer.Option(help="of llama.cpp's types, such as Q4_K_M, Q5_K_M, F16")]
KeepF16 = Annotated[bool, typer.Option("--keep-f16", help="leave the F16 file in the store")]


@command("export_layers", MODELS, "export_layers Leases")
def export_layers(names: Layers = None) -> None:
    """Turn trained layers into GGUF, with their passports inside."""
    from lamina.stages import layers

    with open_pod() as pod:
        adapters = layers.trained_layers(pod, names or [])
        files = layers.export_layers(pod, list(adapters.values()))
        layers.publish_layers(pod, adapters, files)
        views = {name: pod.workspace.adapters_gguf / f"{name}.gguf" for name in adapters}
    made = (Made(name, path, {"size": size(path.stat().st_size)}) for name, path in views.items())
    finish(Summary(tuple(made)).then("export_layers"))


@command("import_layer", MODELS, "import_layer ~/my-lora --name ASC_Leases")
def import_layer(
    folder: Annotated[
        Path, typer.Argument(help="PEFT folder of any tool: adapter_config.json and safetensors")
    ],
    *,
    name: Annotated[str | None, typer.Option(help="of the layer; none = the folder's name")] = None,
    same_base: Annotated[
        bool,
        typer.Option("--same-base", help="it was trained on this base, whatever it calls it"),
    ] = False,
    documents: Annotated[
        Path | None, typer.Option(help="folder of what it was trained on, by which auto finds it")
    ] = None,
) -> None:
    """Serve a layer that was trained elsewhere: checked against the base, and made a version."""
    from lamina.stages import imports

    with open_pod() as pod:
        layer, ref = imports.import_layer(
            pod, folder, name, same_base=same_base, documents=documents
        )
        view = pod.workspace.adapters_gguf / f"{layer}.gguf"
        papers = pod.store.manifest(ref).facts["passport"]
    found = "finds it" if documents else "cannot find it: --documents says what it was trained on"
    figures = {
        "version": ref.digest[:12],
        "rank": papers["rank"],
        "alpha": papers["alpha"],
        "auto": found,
    }
    finish(Summary((Made(layer, view, figures),)).then("import_layer"))


@command("merge_level", MODELS, "merge_level level2")
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
        names, _ = models.merge_best(pod, base, levels or [])
        made = Made("merged model", pod.workspace.merged, {"of": " and ".join(names)})
    finish(Summary((made,)).then("merge_level"))


@command("convert_to_gguf", MODELS, "convert_to_gguf --ftype Q5_K_M")
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
            path = models.convert_published_merge(pod, ftype, keep_f16=keep_f16)
        else:
            base = corpus.find_base(pod)
            importance = models.importance_of(pod, base, imatrix) if imatrix else None
            gguf = models.convert_base(pod, base, ftype, keep_f16=keep_f16, importance=importance)
            path = models.publish_base(pod, gguf)
    figures = {"type": ftype, "size": size(path.stat().st_size)}
    what = "merged model" if merged else "base"
    finish(Summary((Made(what, path, figures),)).then("convert_to_gguf"))


@command("fold_blend", MODELS, "fold_blend Both Leases:0.6+Debt:0.4 --rank 16")
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
        view = pod.workspace.adapters_gguf / f"{name}.gguf"
    figures = {
        "rank": facts["passport"]["rank"],
        "relative error": f"{facts['error']:.2e}",
        "largest of a weight": f"{facts['largest_error']:.2e}",
    }
    finish(Summary((Made(name, view, figures),)).then("fold_blend"))
