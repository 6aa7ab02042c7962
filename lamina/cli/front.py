"""The command line as a whole: its groups, the options that stand anywhere, and how it ends.

What ends a command is told here and nowhere else: one sentence, and the exit code of its kind.
"""

import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from lamina.cli import interruption
from lamina.errors import InvalidInputError, StoppedError, ending, foreseen

Panel = Literal[
    "Make layers", "Stages, one by one", "Models", "Serve and measure", "Move between pods",
    "Keep a pod well",
]  # fmt: skip
Run = TypeVar("Run", bound=Callable[..., None])


class Choice:
    """The options that may stand before or after the command."""

    workspace: Path | None = None
    as_json: bool = False
    debug: bool = False


class Front(TyperGroup):
    """All commands."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - Typer's own, vendored
        """The command of that name; hyphens are as good as underscores."""
        return super().get_command(ctx, cmd_name.replace("-", "_"))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - the same
        """The command that the words begin with, or what could have been meant."""
        name = args[0].replace("-", "_")
        if self.get_command(ctx, name) is None and not name.startswith("_"):
            near = get_close_matches(name, self.commands, 3, 0.5)
            meant = f"did you mean {' or '.join(near)}?" if near else "`lamina -h` lists all"
            msg = f"there is no command {args[0]}; {meant}"
            raise InvalidInputError(msg)
        return super().resolve_command(ctx, args)

    def main(self, args: Sequence[str] | None = None, *_: Any, **settings: Any) -> Any:  # noqa: ANN401
        """Run a command and end this process with its exit code."""
        Choice.workspace, Choice.as_json, Choice.debug = None, False, False
        settings["standalone_mode"] = False
        try:
            code = super().main(args, **settings)
        except typer.TyperException as error:  # words that no command understands
            code = error.exit_code
            if told := _usage(error):
                print(told, file=sys.stderr)
        except Exception as error:  # noqa: BLE001 - the process's border
            code = ending(error, debug=Choice.debug)
        sys.exit(code or 0)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's own, vendored
        """Run the command; an interruption leaves nothing behind."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            interruption.leave()
