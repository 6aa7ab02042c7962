"""What is rented, how it is started and stopped, and how much may be spent: settings of the pod."""

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings

RUNPOD = "https://rest.runpod.io/v1"


class Terms(BaseSettings):
    """The part of the settings that `lamina watch --start-pod` obeys."""

    gpu_pod: str | None = Field(
        None, description="RunPod's id of the GPU pod that is started when work is due"
    )
    gpu_start: str | None = Field(
        None,
        description="what starts another pod than RunPod's: a command, or an address that is "
        "POSTed to",
    )
    gpu_stop: str | None = Field(None, description="what stops it: a command, or an address")
    gpu_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("RUNPOD_API_KEY", "LAMINA_GPU_KEY"),
        description="bearer token of RunPod's API, or of these addresses",
    )
    gpu_api: str = Field(RUNPOD, description="address of RunPod's REST API")
    gpu_idle_minutes: float = Field(
        10.0, gt=0, description="the GPU pod is stopped after so many minutes without work"
    )
    gpu_ready_minutes: float = Field(
        15.0, gt=0, description="a started pod that has no worker after so many minutes is stopped"
    )
    gpu_price_per_hour: float = Field(
        0.0, ge=0, description="what it costs an hour; 0 = what RunPod says"
    )
    gpu_cap_day: float | None = Field(
        None, ge=0, description="most that it may cost a day (UTC); none = any"
    )
    gpu_cap_month: float | None = Field(
        None, ge=0, description="most that it may cost a month (UTC); none = any"
    )

    @property
    def rents(self) -> bool:
        """Whether a GPU is rented at all."""
        return bool(self.gpu_pod or self.gpu_start)
