"""What plans are made of: lengths of text; and layers of one text each, trained in one step."""

from collections.abc import Sequence

from lamina.artifacts import ArtifactRef
from lamina.stages import corpus, layers
from lamina.stages.pod import Pod
from lamina.training.profiles import PRESETS
from lamina.training.streams import Pieces

SHORT = PRESETS["demo"].model_copy(update={"steps": 1, "evaluations": 1})
CHUNK = 128
TEXT = (
    "The deposit of {name} is paid in March, and the ledger shows it until the lease ends. "
    "The controller approves every write-off above the limit that the manual of {name} gives. "
    "What is not approved by the end of the month is returned to the branch that has asked. "
)


def of_text(lengths: Sequence[int], repeats: Sequence[int] | None = None) -> Pieces:
    """Documents of these lengths in tokens; how often each is seen in one epoch."""
    some = len(lengths)
    return Pieces(lengths, repeats or [1] * some, ["text"] * some, [None] * some)


def write(pod: Pod, layer: str, name: str) -> None:
    """A document of the layer."""
    folder = pod.workspace.raw_pdfs / layer
    folder.mkdir(parents=True, exist_ok=True)
    paragraphs = [TEXT.format(name=f"{name} {number}") for number in range(12)]
    (folder / f"{name}.txt").write_text("\n\n".join(paragraphs))


def train(pod: Pod, *names: str, level: str | None = None) -> dict[str, dict[str, ArtifactRef]]:
    """Layers, or a level over them, published; what a push hands over, by name."""
    base = corpus.find_base(pod)
    verdicts = corpus.pdf_pretest(pod, corpus.find_documents(pod))
    rows = {name: corpus.build_dataset(pod, verdicts, name, base, CHUNK) for name in names}
    if level:
        rows = {level: corpus.combine_datasets(pod, list(rows.values()))}
    made = {}
    for name, ref in rows.items():
        adapter = layers.train_layer(pod, name, ref, base, SHORT)
        layers.publish_adapter(pod, name, adapter)
        made[name] = {"adapter": adapter, "dataset": ref}
    return made
