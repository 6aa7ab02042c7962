"""The command line as a whole: its groups, the options that stand anywhere, and how it ends.

What ends a command is told here and nowhere else: one sentence, and the exit code of its kind.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

import typer
from typer.core import TyperCommand, TyperGroup

from lamina import interruption
from lamina.errors import ending

Group = Literal[
    "From PDFs to layers", "Stage by stage", "Models", "Serve and measure", "From pod to pod",
    "This pod",
]  # fmt: skip
GROUPS = get_args(Group)
# Those of the first day, in the order in which they are needed, stand first in their groups.
FIRST = ("demo", "base", "train_layers", "qa_layers", "serve", "publish_layers")
Run = TypeVar("Run", bound=Callable[..., None])


class Choice:
    """What the options say that may stand before or after the command."""

    workspace: Path | None = None
    as_json: bool = False
    debug: bool = False


class Front(TyperGroup):
    """All commands."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - Typer's own types
        """Group by group."""
        del ctx
        commands: dict[str, Any] = dict(self.commands)

        def place(name: str) -> tuple[int, int]:
            group = GROUPS.index(commands[name].rich_help_panel)
            return group, FIRST.index(name) if name in FIRST else len(FIRST)

        return sorted(commands, key=place)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - Typer's own types
        """The command of that name; hyphens are as good as underscores."""
        return super().resolve_command(ctx, [args[0].replace("-", "_"), *args[1:]])

    def main(self, args: Sequence[str] | None = None, *_: Any, **settings: Any) -> Any:  # noqa: ANN401
        """Run a command, and end this process with its exit code."""
        Choice.workspace, Choice.as_json, Choice.debug = None, False, False
        settings["standalone_mode"] = False
        try:
            code = super().main(args, **settings)
        except typer.TyperException as error:  # words that no command understands
            code = error.exit_code
            if said := error.format_message():
                print(f"error: {said} (`{_command(error)} -h` tells more)", file=sys.stderr)
        except Exception as error:  # noqa: BLE001 - the process's border
            code = ending(error, debug=Choice.debug)
        sys.exit(code or 0)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's own types
        """Run the command; an interruption leaves no process behind."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            if Choice.debug:
                raise
            interruption.leave()


class Command(TyperCommand):
    """One command; the options that stand before it may stand behind it."""

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 - Typer's own types
        """Its own options, and those."""
        shared = (one for one in ctx.find_root().command.params if one.name in vars(Choice))
        return [*super().get_params(ctx), *shared]


app = typer.Typer(
    cls=Front,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Domain LoRA layers from PDFs: trained, served as blends over one base, and measured.",
    epilog="`lamina COMMAND -h` shows a command's options and an example.",
)


def command(
    name: str,
    group: Group,
    example: str,
    *,
    cls: type[Command] = Command,
    context_settings: dict[str, Any] | None = None,
) -> Callable[[Run], Run]:
    """A subcommand of that name, listed in this group; `example` is what follows `lamina`."""
    return app.command(
        name,
        cls=cls,
        context_settings=context_settings,
        rich_help_panel=group,
        epilog=f"Example: lamina {example}",
    )


def _command(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context else "lamina"


def _remember(name: str) -> Callable[[Any], Any]:
    def remember(value: Any) -> Any:  # noqa: ANN401 - any option's
        if value:  # of the two places, the one that was used
            setattr(Choice, name, value)
        return value

    return remember


def _version(asked: bool) -> None:
    if asked:
        from lamina import __version__

        print(f"lamina {__version__}")
        raise typer.Exit


def _anywhere(name: str, *flags: str, help: str) -> Any:  # noqa: A002, ANN401 - as Typer calls it
    return typer.Option(
        *flags,
        help=help,
        callback=_remember(name),
        expose_value=False,
        rich_help_panel="Before or after the command",
    )


@app.callback()
def _options(
    workspace: Annotated[
        Path | None,
        _anywhere("workspace", "--workspace", help="folder of all data; else LAMINA_WORKSPACE"),
    ] = None,
    as_json: Annotated[
        bool, _anywhere("as_json", "--json", help="print the result as JSON")
    ] = False,
    debug: Annotated[
        bool, _anywhere("debug", "--debug", help="show tracebacks, and Prefect's own log")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", help="print the version", callback=_version, is_eager=True)
    ] = False,
) -> None:
    del workspace, as_json, debug, version  # their callbacks keep them
