"""A message of a conversation as OpenAI's clients send it, and as a chat template takes it."""

from typing import Any, Literal

from pydantic import BaseModel, field_validator, model_validator

from lamina.serving.http.requests.fields import refused


class Message(BaseModel):
    """One message of a conversation. Only text is understood."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str = ""

    @model_validator(mode="before")
    @classmethod
    def _calls_no_tools(cls, values: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(values, dict):
            for name in ("tool_calls", "function_call", "audio"):
                if values.get(name) and name not in cls.model_fields:
                    raise refused(name, f"{name} is not supported by this server; leave it out")
        return values

    @field_validator("content", mode="before")
    @classmethod
    def _parts_are_joined(cls, content: Any) -> Any:  # noqa: ANN401 - any JSON
        if not isinstance(content, list):
            return "" if content is None else content
        for part in content:
            kind = part.get("type") if isinstance(part, dict) else None
            if kind != "text" or not isinstance(part.get("text"), str):
                shown = f"of type {kind!r:.40}" if kind not in (None, "text") else "without text"
                raise refused("content", f"a part {shown} is not understood; send text only")
        return "".join(part["text"] for part in content)

    def plain(self) -> dict[str, str]:
        """As the chat template takes it."""
        return {
            "role": "system" if self.role == "developer" else self.role,
            "content": self.content,
        }
