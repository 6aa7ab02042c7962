"""What a layer is trained on beside its own text: references, as far as the profile asks for it."""

from pydantic import BaseModel, ConfigDict, Field

from lamina.artifacts import ArtifactRef
from lamina.training.profiles import Profile


class Mix(BaseModel):
    """Artifacts; None where there are none."""

    model_config = ConfigDict(frozen=True)

    general: ArtifactRef | None = Field(None, description="dataset of the general layer")
    study: ArtifactRef | None = Field(None, description="what the layer's own pages teach")
    teacher: ArtifactRef | None = Field(
        None, description="the base's answers to that, with the page"
    )
    replay: ArtifactRef | None = Field(None, description="the base's own answers")

    def wanted(self, profile: Profile) -> "Mix":
        """Without what the profile takes nothing of."""
        return Mix(
            general=self.general if profile.general_share else None,
            study=self.study if profile.study_passes else None,
            teacher=self.teacher if profile.study_passes and profile.teacher_share else None,
            replay=self.replay if profile.replay_share else None,
        )


NOTHING_BESIDE = Mix()
