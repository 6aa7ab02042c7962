"""Where a pod keeps its things, and the depot through which pods hand them to each other."""

from typing import ClassVar

from prefect.blocks.core import Block
from pydantic import Field, field_validator

SCHEMES = ("file://", "sftp://", "s3://", "/")


class LaminaWorkspace(Block):
    """The workspace of the pods and the depot between them."""

    _block_type_name: ClassVar[str] = "Lamina workspace"
    _block_type_slug: ClassVar[str] = "lamina-workspace"
    _description: ClassVar[str] = (
        "Where pods keep PDFs, layers and models, and the depot through which they hand them over. "
        "Empty fields leave each pod's own environment in force."
    )
    _code_example: ClassVar[str] = (
        '```python\nLaminaWorkspace(store_url="sftp://lamina@cpu-pod:22/depot").save("default")\n```'
    )

    root: str | None = Field(
        None,
        title="Root",
        description="workspace folder, the same path on every pod; none = LAMINA_WORKSPACE",
    )
    store_url: str | None = Field(
        None,
        title="Depot",
        description="file://, sftp:// or s3:// address for push and pull; none = LAMINA_STORE_URL",
    )

    approval_hours: float | None = Field(
        None,
        ge=0,
        title="Approval",
        description="hours that a promotion waits for a person, 0 = nobody is asked; "
        "none = LAMINA_APPROVAL_HOURS",
    )

    @field_validator("root")
    @classmethod
    def _root_is_absolute(cls, value: str | None) -> str | None:
        if value and not value.startswith("/"):
            msg = f"{value!r} is no absolute path; write it from the root, such as /workspace"
            raise ValueError(msg)
        return value or None

    @field_validator("store_url")
    @classmethod
    def _depot_is_an_address(cls, value: str | None) -> str | None:
        if value and not value.startswith(SCHEMES):
            msg = f"{value!r} is no depot; it begins with one of {', '.join(SCHEMES)}"
            raise ValueError(msg)
        return value or None

    def environment(self) -> dict[str, str]:
        """The settings that this document sets, as environment variables."""
        hours = None if self.approval_hours is None else f"{self.approval_hours:g}"
        given = {
            "LAMINA_WORKSPACE": self.root,
            "LAMINA_STORE_URL": self.store_url,
            "LAMINA_APPROVAL_HOURS": hours,
        }
        return {name: value for name, value in given.items() if value}
