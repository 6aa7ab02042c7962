"""A person's word on answers, which counts before the grader's."""

from typing import Annotated, Final, Literal

import typer

from lamina.cli.front import command
from lamina.cli.shared import finish, open_pod
from lamina.summary import Made, Summary

MEASURE: Final = "Serve and measure"


@command("overrule", MEASURE, "overrule 3f9a12bc44de right --why rounded")
def overrule(
    answer: Annotated[str, typer.Argument(help="key of an answer: the report names it")],
    verdict: Annotated[Literal["right", "wrong"], typer.Argument(help="what it counts as")],
    *,
    why: Annotated[str, typer.Option(help="the reason, for whoever reads the report")],
    layer: Annotated[str, typer.Option(help="only where this layer gives it; * = anybody")] = "*",
    who: Annotated[str, typer.Option(help="who decided; none = whoever is logged in")] = "",
) -> None:
    """Count an answer as right or wrong, whatever the grader says, from the next report on."""
    from lamina.stages import overruling

    with open_pod() as pod:
        decision = overruling.overrule(pod, answer, verdict, why=why, layer=layer, who=who)
    figures = {"question": decision.question, "by": decision.who}
    made = Made(f"{answer} is {verdict}", pod.workspace.overrides, figures)
    finish(Summary((made,), next=("lamina qa_layers",)))
