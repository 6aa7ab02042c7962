"""What the doctor says: one finding."""

from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from lamina.errors import LaminaError

Level: TypeAlias = Literal["ok", "warning", "problem"]


class Finding(BaseModel):
    """One line of the examination."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="what was looked at")
    level: Level = Field(description="problem: some stage will fail; warning: some may")
    sentence: str = Field(description="what was found")
    remedy: str = Field("", description="what to do now; empty where nothing is to be done")


def ok(name: str, sentence: str) -> Finding:
    """All is well."""
    return Finding(name=name, level="ok", sentence=sentence)


def warning(name: str, sentence: str, remedy: str) -> Finding:
    """Something that only some stages need is missing or odd."""
    return Finding(name=name, level="warning", sentence=sentence, remedy=remedy)


def problem(name: str, sentence: str, remedy: str) -> Finding:
    """Something that will fail."""
    return Finding(name=name, level="problem", sentence=sentence, remedy=remedy)


def from_error(name: str, error: LaminaError, level: Level = "problem") -> Finding:
    """A foreseen error as a finding; its message holds the remedy after the first semicolon."""
    sentence, _, remedy = str(error).partition("; ")
    return Finding(name=name, level=level, sentence=sentence, remedy=remedy)
