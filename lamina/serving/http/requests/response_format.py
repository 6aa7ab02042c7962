"""The form of an answer: free text, or JSON, of any shape or of a schema's."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lamina.serving.http.requests.fields import refused


class ResponseFormat(BaseModel):
    """`text`, `json_object`, or `json_schema` with its schema."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: dict[str, Any] | None = None
    schema_: dict[str, Any] | None = Field(None, alias="schema")

    @model_validator(mode="after")
    def _has_a_schema(self) -> "ResponseFormat":
        given = (self.json_schema or {}).get("schema", self.schema_)
        if self.type == "json_schema" and not isinstance(given, dict):
            raise refused("response_format", "json_schema holds no schema; put it under schema")
        return self

    def schema_of_answer(self) -> dict[str, Any] | None:
        """The JSON schema that the answer must obey; None for free text."""
        match self.type:
            case "text":
                return None
            case "json_object":
                return self.schema_ or {"type": "object"}
            case _:
                return (self.json_schema or {}).get("schema", self.schema_)
