"""Makes an importance matrix: the base with a layer reads the layer's own text, watched."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.conversion.converter import Converter
from lamina.conversion.jobs import Importance, Open, Score
from lamina.errors import InvalidInputError
from lamina.progress import Progress
from lamina.store import Stage, Store

STAGE = Stage("importance", 1)
FILE = "importance.npz"
TOKENS = 50_000  # as llama.cpp's own tool is commonly given: a hundred texts of 512 tokens
_CONTEXT = 512


def observe_importance(  # noqa: PLR0913 - keyword-only past what is observed
    f16: ArtifactRef,
    layer: ArtifactRef,
    dataset: ArtifactRef,
    texts: Iterable[Sequence[int]],
    *,
    store: Store,
    progress: Progress,
    llama_cpp_dir: Path,
    threads: int,
) -> ArtifactRef:
    """Mean squared inputs of the base's weights (kind `importance`); `texts` are `dataset`'s.

    Raises:
        InvalidInputError: there is no text.

    """

    def make(folder: Path) -> dict[str, object]:
        pieces = list(_pieces(texts, TOKENS))
        if not pieces:
            msg = f"dataset {dataset} has no training rows to weigh by; name another layer"
            raise InvalidInputError(msg)
        with Converter(llama_cpp_dir, store.root / "logs" / "importance.log") as converter:
            converter.run(
                Open(
                    path=str(store.open(f16) / "model.gguf"),
                    layers=((str(store.open(layer) / "adapter.gguf"), 1.0),),
                    n_ctx=_CONTEXT,
                    threads=threads,
                    observe=True,
                )
            )
            progress.start("importance", len(pieces))
            for number, ids in enumerate(pieces, start=1):
                # All are scored: the last block's end is computed only for tokens that are asked.
                converter.run(Score(ids=ids, first=1))
                progress.advance(number)
            weights = converter.run(Importance(target=str(folder / FILE)))
        return {"weights": weights, "tokens": sum(map(len, pieces))}

    inputs = {"f16": f16, "layer": layer, "dataset": dataset, "tokens": TOKENS}
    return store.once("importance", STAGE, inputs, make)


def _pieces(texts: Iterable[Sequence[int]], tokens: int) -> Iterator[tuple[int, ...]]:
    """The texts in contexts of at most 512 tokens, until enough is read."""
    left = tokens
    for ids in texts:
        for start in range(0, len(ids), _CONTEXT):
            piece = tuple(ids[start : start + _CONTEXT])
            if len(piece) > 1:
                yield piece
                left -= len(piece)
        if left <= 0:
            return
