"""Block types, and the documents that flows load. What a person changed is never overwritten."""

from collections.abc import Iterator

from change import Change
from prefect.blocks.core import Block
from prefect.client.orchestration import SyncPrefectClient
from prefect.exceptions import ObjectNotFound

from blocks import LaminaWorkspace, LayerServer, TrainingProfile
from blocks.in_force import DEFAULT
from lamina.training.profiles import LAYER, PRESETS, Profile
from lamina.workspace import LEVELS

TYPES: tuple[type[Block], ...] = (LaminaWorkspace, LayerServer, TrainingProfile)


def block_types(client: SyncPrefectClient) -> Iterator[Change]:
    """The block types that are missing, or whose fields are others now."""
    for kind in TYPES:
        try:
            client.read_block_schema_by_checksum(kind._calculate_schema_checksum())  # noqa: SLF001
        except ObjectNotFound:
            yield Change(f"block type {kind.get_block_type_slug()}", kind.register_type_and_schema)


def documents(client: SyncPrefectClient, *, embedded_base: bool) -> Iterator[Change]:
    """The documents that are missing; with numbers for the embedded base, where it is trained."""
    profiles = _for_the_embedded_base() if embedded_base else PRESETS
    wanted: list[tuple[Block, str]] = [
        (LaminaWorkspace(), DEFAULT),
        (LayerServer(), DEFAULT),
        *((TrainingProfile(values=values), name) for name, values in profiles.items()),
    ]
    for document, name in wanted:
        slug = document.get_block_type_slug()
        try:
            client.read_block_document_by_name(name, slug, include_secrets=False)
        except ObjectNotFound:
            yield Change(
                f"block {slug}/{name}", lambda document=document, name=name: document.save(name)
            )


def _for_the_embedded_base() -> dict[str, Profile]:
    """The presets are for 7B; a base of 3 M parameters learns facts as the demo trains it."""
    demo = PRESETS["demo"]
    return {
        **PRESETS,
        **{name: demo.model_copy(update={"name": name}) for name in (LAYER, *LEVELS)},
    }
