"""One layer to train: what it is made of, checked, read and planned. No torch."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from lamina.artifacts import ArtifactRef
from lamina.errors import InvalidInputError, MismatchError
from lamina.passport import BaseIdentity, Passport
from lamina.rows import read_rows
from lamina.store import Store
from lamina.training.documents import Document, Encoder, encode_rows
from lamina.training.packing import Step, pack_steps
from lamina.training.plan import Dtype, Plan, Profile, Quantize, plan_run


class LayerOrder(BaseModel):
    """One layer to train: `dataset` is an artifact with train.jsonl and heldout.jsonl."""

    model_config = ConfigDict(frozen=True)

    layer: str
    dataset: ArtifactRef
    base_folder: Path
    base: BaseIdentity
    profile: Profile
    seed: int

    def inputs(self) -> dict[str, object]:
        """What the result depends on: content, no path."""
        return {
            "layer": self.layer,
            "dataset": self.dataset,
            "base": self.base.digest,
            "profile": self.profile,
            "seed": self.seed,
        }

    def check(self) -> None:
        """Raise MismatchError where the base is no plain base."""
        if self.base.layers:
            held = ", ".join(self.base.layers)
            msg = f"base {self.base.name} already contains {held}; train on the plain base"
            raise MismatchError(msg)

    def on(self, quantize: Quantize, dtype: Dtype) -> "LayerOrder":
        """The order with `auto` decided, for planning; its identity stays that of the original."""
        profile = self.profile.model_copy(update={"quantize": quantize, "dtype": dtype})
        return self.model_copy(update={"profile": profile})

    def documents(self, dataset: Path, split: Literal["train", "heldout"]) -> list[Document]:
        """The split's rows as token ids; raises InvalidInputError where `train` has none."""
        rows = read_rows(dataset / f"{split}.jsonl")
        encoder = Encoder(self.base_folder)
        documents = encode_rows(rows, encoder, self.profile.sequence_tokens)
        if split == "train" and not documents:
            msg = (
                f"dataset {self.dataset} has no training rows for layer {self.layer}; "
                "add PDFs with text and run build_dataset"
            )
            raise InvalidInputError(msg)
        return documents

    def plan(self, train: Sequence[Document]) -> Plan:
        """The derived numbers of a run over these documents."""
        config: dict[str, Any] = json.loads((self.base_folder / "config.json").read_bytes())
        lengths, repeats = self._weighted(train)
        return plan_run(self.profile, config, lengths, repeats=repeats, seed=self.seed)

    def steps(self, train: Sequence[Document]) -> list[Step]:
        """The whole run's packs, in order."""
        lengths, repeats = self._weighted(train)
        return pack_steps(
            lengths,
            repeats,
            sequence_tokens=self.profile.sequence_tokens,
            batch_tokens=self.profile.batch_tokens,
            epochs=self.profile.epochs,
            steps=self.profile.steps,
            seed=self.seed,
        )

    def _weighted(self, train: Sequence[Document]) -> tuple[list[int], list[int]]:
        lengths = [len(document.ids) for document in train]
        return lengths, [self.profile.qa_repeat if each.is_qa else 1 for each in train]

    def passport(
        self, store: Store, loss_before: float | None, loss_after: float | None
    ) -> Passport:
        """The layer's identity papers; losses are held-out, in nats a token."""
        return Passport(
            layer=self.layer,
            base_name=self.base.name,
            base_digest=self.base.digest or "",
            base_fingerprint=self.base.fingerprint,
            architecture=self.base.architecture,
            preset=self.profile.name,
            rank=self.profile.rank,
            alpha=self.profile.alpha,
            dataset=self.dataset.digest,
            documents=tuple(store.manifest(self.dataset).facts.get("documents", ())),
            heldout_loss_base=loss_before,
            heldout_loss=loss_after,
        )


def plan_layer(order: LayerOrder, store: Store) -> Plan:
    """The derived numbers of an order, without torch and without training it."""
    order.check()
    return order.plan(order.documents(store.open(order.dataset), "train"))
