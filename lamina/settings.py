"""What a pod is told from outside: environment and `.env`, read once at the entry point."""

import os
import sys
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import SettingsConfigDict, SettingsError

from lamina.bounds import refusal
from lamina.cgroups import ControlGroups
from lamina.errors import InvalidInputError
from lamina.margins import Margins
from lamina.prefect_api import PrefectAccess
from lamina.rental_terms import Terms


def usable_cpus() -> int:
    """Processors that this process may use at the same time: by affinity, and by its container."""
    allowed = len(os.sched_getaffinity(0))
    quota = ControlGroups().cpus()
    return allowed if quota is None else max(min(allowed, int(quota)), 1)


class Settings(PrefectAccess, Terms):
    """The facts of this pod. Choices of a run are parameters, not settings."""

    model_config = SettingsConfigDict(
        env_prefix="LAMINA_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
    )

    workspace: Path = Field(Path("workspace"), description="folder that holds everything")
    base_model: Path | None = Field(
        None, description="base in Hugging Face form, or `tiny`; default: models/hf_mistral"
    )
    model_path: Path | None = Field(
        None,
        validation_alias=AliasChoices("MODEL_PATH", "LAMINA_MODEL_PATH"),
        description="base as GGUF, what the server loads; default: the converted base's Q4_K_M",
    )
    pdf_archive_path: Path | None = Field(
        None,
        validation_alias=AliasChoices("PDF_ARCHIVE_PATH", "LAMINA_PDF_ARCHIVE_PATH"),
        description="where used PDFs go; default: data/archive in the workspace",
    )
    llama_cpp_dir: Path = Field(
        Path(sys.prefix) / "share" / "llama.cpp",
        description="llama.cpp checkout whose GGUF converters are used",
    )
    host: str = Field("127.0.0.1", description="address the server binds")
    port: int = Field(5000, ge=0, le=65535, description="port the server binds; 0 = any free one")
    api_key: SecretStr | None = Field(None, description="key that requests must carry, if set")
    admin_key: SecretStr | None = Field(
        None,
        description="key for what changes the server: default blend, saved blends, self-test; "
        "default: LAMINA_API_KEY",
    )
    server_url: str | None = Field(
        None, description="server that qa_layers and doctor ask; default: http://<host>:<port>"
    )
    store_url: str | None = Field(
        None,
        description="depot between pods: a folder, sftp://user@host:port/path, s3://bucket/prefix",
    )
    store_key_file: Path | None = Field(
        None, description="private key for an SFTP depot; default: those of ~/.ssh and the agent"
    )
    store_known_hosts: Path | None = Field(
        None, description="where the key of the SFTP host stands; default: ~/.ssh/known_hosts"
    )
    store_s3_endpoint: str | None = Field(
        None, description="address of an S3 that is not Amazon's; keys come from AWS_* variables"
    )
    store_patience_s: float = Field(
        60.0, ge=0, description="seconds that a broken link is tried again while nothing arrives"
    )
    notify: str | None = Field(
        None,
        description="Prefect blocks that are told what fails, is late, held or waits for a person, "
        "as <type>/<name>, with commas: slack-webhook/alerts",
    )
    notify_late_minutes: float = Field(
        30.0, gt=0, description="a run that did not begin for so long is told of as late"
    )
    approval_hours: float = Field(
        0.0,
        ge=0,
        description="hours that a promotion waits for a person, who finds a form in Prefect's UI; "
        "after that it stays held; 0 = nobody is asked",
    )
    n_ctx: int = Field(
        2048,
        ge=64,
        validation_alias=AliasChoices("N_CTX", "LAMINA_N_CTX"),
        description="context length in tokens; longer = more memory for the KV cache",
    )
    n_threads: int = Field(
        default_factory=usable_cpus,
        ge=1,
        validation_alias=AliasChoices("N_THREADS", "LAMINA_N_THREADS"),
        description="threads for inference and CPU training; more than there are cores is slower",
    )
    kv_type: Literal["f16", "q8_0"] = Field(
        "f16", description="how the server keeps KV; q8_0 = half the memory, rounded"
    )
    ttyd_port: int = Field(
        7681,
        ge=1,
        le=65535,
        validation_alias=AliasChoices("TTYD_PORT", "LAMINA_TTYD_PORT"),
        description="port of the web terminal on a pod",
    )
    train_on_cpu: bool = Field(
        default=False, description="train bases of more than 2 GB without a GPU, too: it takes days"
    )
    train_workers: int = Field(
        0,
        ge=0,
        le=64,
        description="layers trained at once, each in a process of its own; 0 = one for each GPU "
        "where there are several, else none but this process",
    )
    writer_url: str | None = Field(
        None,
        description="OpenAI-compatible address whose model writes study questions",
    )
    writer_model: str | None = Field(
        None, description="that model's name; without an address a GGUF file that is served for it"
    )
    writer_key: SecretStr | None = Field(None, description="key of that address")
    writer_tokens: int | None = Field(
        None, ge=1, description="most tokens that one study may have written and read; none = any"
    )
    writer_money: float | None = Field(
        None, gt=0, description="most that one study may cost, by writer_price; none = any"
    )
    writer_price: float = Field(0.0, ge=0, description="what a million of the writer's tokens cost")
    price_per_hour: float = Field(
        0.0, ge=0, description="what this pod costs an hour; training says what a layer cost"
    )
    dask_address: str | None = Field(
        None,
        description="Dask scheduler whose workers read the documents, such as tcp://10.0.0.5:8786; "
        "none = this pod's processes do",
    )
    margins: Margins = Field(
        default_factory=Margins,
        description="what a layer must show to be promoted, as JSON; what is left out stays as it "
        'is: {"questions": 15, "gain_d": 0.2}',
    )
    exam_line: str | None = Field(
        None,
        description="system message before each exam question, the same for base and layers; "
        "default: one that asks for the fact alone; `none` = no message",
    )
    seed: int = Field(20260101, ge=0, description="seed of training and of sampling in QA")


def load(**overrides: object) -> Settings:
    """The settings in force; `overrides` win over the environment.

    Raises:
        InvalidInputError: a variable holds a value that cannot be.

    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        raise refusal(error, Settings, lambda field: f"setting {_variable(field)}") from error
    except SettingsError as error:
        msg = 'setting LAMINA_MARGINS is no JSON; write it as {"questions": 15, "gain_d": 0.2}'
        raise InvalidInputError(msg) from error


def names(field: str) -> tuple[str, ...]:
    """Environment variables that set a field, the first one winning."""
    alias = Settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return tuple(str(choice) for choice in alias.choices)
    return (f"LAMINA_{field.upper()}",)


def _variable(field: str) -> str:
    """The variable by which a field was set, or its first one."""
    return origin(field).split()[-1] if origin(field) != "default" else names(field)[0]


def origin(field: str) -> str:
    """Where the value in force came from: a variable's name, `.env`, or `default`."""
    from dotenv import dotenv_values

    variables = names(field)
    present = {name.upper() for name in os.environ}
    for name in variables:
        if name.upper() in present:
            return f"environment {name}"
    in_file = {name.upper() for name in dotenv_values(".env")} if Path(".env").is_file() else set()
    for name in variables:
        if name.upper() in in_file:
            return f".env {name}"
    return "default"
