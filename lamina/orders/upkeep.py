"""Asking for less: what a pod's store, or the depot, no longer needs."""

from pydantic import BaseModel, ConfigDict, Field


class CollectGarbage(BaseModel):
    """What nothing needs any more is removed from this pod's store, or from the depot."""

    model_config = ConfigDict(extra="forbid")

    keep: int = Field(
        3,
        ge=1,
        le=1000,
        title="Versions",
        description="versions of a layer that stay, the served one among them, for going back",
    )
    grace_days: float = Field(
        7.0,
        ge=0,
        le=3650,
        title="Grace",
        description="days that an artifact stays after its last use; 0 = also what a flow that "
        "runs now has just made",
    )
    depot: bool = Field(
        default=False,
        title="The depot",
        description="clean the depot instead of this pod's store; a grace of less than the longest "
        "push takes is for when nobody pushes",
    )
    dry_run: bool = Field(
        default=False, title="Only look", description="say what would be removed, remove nothing"
    )

    @property
    def title(self) -> str:
        """What it asks for, as the name of a run."""
        return "look for garbage" if self.dry_run else "collect garbage"
