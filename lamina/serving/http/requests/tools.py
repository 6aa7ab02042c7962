"""Functions that the model may call, and what was called before, as OpenAI's clients send them."""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from lamina.serving.http.requests.fields import refused
from lamina.serving.http.requests.messages import Message

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:/-]{1,128}$")]
_MAX_TOOLS, _MAX_DEPTH = 128, 64
_NO_ARGUMENTS = {"type": "object", "properties": {}, "additionalProperties": False}


class Function(BaseModel):
    """What a function is called, what it is for, and what it takes."""

    name: _Name
    description: str | None = None
    parameters: dict[str, Any] | None = Field(None, description="JSON schema of an object")
    strict: bool | None = Field(None, description="arguments obey the schema in any case")


class Tool(BaseModel):
    """A function that the model may call; OpenAI has other tools, too."""

    type: Literal["function"] = "function"
    function: Function

    def told(self) -> dict[str, Any]:
        """As a chat template takes it."""
        function = {
            "name": self.function.name,
            "description": self.function.description or "",
            "parameters": self.schema_of_arguments(),
        }
        return {"type": "function", "function": function}

    def schema_of_arguments(self) -> dict[str, Any]:
        """The JSON schema that a call's arguments obey."""
        given = self.function.parameters or _NO_ARGUMENTS
        return given if "type" in given else {"type": "object", **given}


class _Named(BaseModel):
    name: str


class NamedTool(BaseModel):
    """The one function that is to be called."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["function"]
    function: _Named


ToolChoice = Literal["none", "auto", "required"] | NamedTool


class ToolUse(BaseModel):
    """Which functions an answer may call, or has to."""

    tools: Annotated[list[Tool], Field(max_length=_MAX_TOOLS)] = Field(
        default_factory=list, description="functions that the model may call"
    )
    tool_choice: ToolChoice = Field(
        "auto", description="`required`, or one function's name: the answer is a call"
    )
    parallel_tool_calls: bool = Field(default=True, description="an answer may be several calls")

    @model_validator(mode="after")
    def _chooses_from_what_is_there(self) -> "ToolUse":
        names = [tool.function.name for tool in self.tools]
        if len(set(names)) < len(names):
            raise refused("tools", "two tools have the same name; give each its own")
        if self.tool_choice == "required" and not names:
            raise refused("tool_choice", "tool_choice asks for a call, and there are no tools")
        if isinstance(self.tool_choice, NamedTool):
            wanted = self.tool_choice.function.name
            if wanted not in names:
                raise refused("tool_choice", f"there is no tool {wanted[:64]!r}; name one of tools")
        return self

    @property
    def callable_tools(self) -> list[Tool]:
        """The functions that this answer may call."""
        if self.tool_choice == "none":
            return []
        if isinstance(self.tool_choice, NamedTool):
            wanted = self.tool_choice.function.name
            return [tool for tool in self.tools if tool.function.name == wanted]
        return self.tools

    @property
    def must_call(self) -> bool:
        """Whether the answer has to be a call."""
        return self.tool_choice not in ("none", "auto")


class CalledFunction(BaseModel):
    """A function that an answer called, with arguments as JSON text."""

    name: _Name
    arguments: str = "{}"

    @field_validator("arguments")
    @classmethod
    def _is_an_object(cls, arguments: str) -> str:
        try:
            read = json.loads(arguments or "{}")
        except (ValueError, RecursionError):
            read = None
        if not isinstance(read, dict) or not _is_flat_enough(read, _MAX_DEPTH):
            raise refused("tool_calls", "a call's arguments are no JSON object, or too deep")
        return arguments or "{}"


def _is_flat_enough(value: object, depth: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth > 0 and all(_is_flat_enough(one, depth - 1) for one in inner)


class Call(BaseModel):
    """One call in an assistant's message."""

    id: Annotated[str, Field(max_length=256)]
    type: Literal["function"] = "function"
    function: CalledFunction

    def told(self) -> dict[str, Any]:
        """As a chat template takes it."""
        arguments = json.loads(self.function.arguments)
        function = {"name": self.function.name, "arguments": arguments}
        return {"id": self.id, "type": "function", "function": function}


class ChatMessage(Message):
    """One message of a conversation in which functions may be called."""

    tool_calls: Annotated[list[Call], Field(max_length=128)] | None = Field(
        None, description="what an assistant called"
    )
    tool_call_id: str | None = Field(None, description="of a tool's message: which call it answers")
    name: str | None = None

    @model_validator(mode="after")
    def _only_assistants_call(self) -> "ChatMessage":
        if self.tool_calls and self.role != "assistant":
            raise refused("tool_calls", f"a {self.role} calls nothing; leave it out")
        return self

    def plain(self) -> dict[str, Any]:
        """As the chat template takes it."""
        told: dict[str, Any] = dict(super().plain())
        if self.tool_calls:
            told["tool_calls"] = [call.told() for call in self.tool_calls]
        if self.role == "tool":
            told |= {"tool_call_id": self.tool_call_id or "", "name": self.name or ""}
        return told
