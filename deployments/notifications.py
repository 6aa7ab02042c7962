"""Who is told what failed, is late, is held, waits for a person, or went wrong with the rented GPU.

`LAMINA_NOTIFY` names blocks of the server: a Webhook (its address is POSTed a JSON object with
`text` and `about`), or any of Prefect's notification blocks, such as Slack's, Teams' or e-mail's.
"""

import sys
from collections.abc import Iterator
from datetime import timedelta

from prefect.automations import AutomationCore, EventTrigger, Posture
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import BlockDocument
from prefect.events.actions import CallWebhook, SendNotification
from prefect.exceptions import ObjectNotFound

from lamina.jobs_server import CPU_POOL
from lamina.stages.rental import GPU_TROUBLE
from tasks.publishing import LAYER_HELD

WEBHOOK = "webhook"
_RUN = 'flow.name ~ " " ~ flow_run.name'
_LINK = '" " ~ ((flow_run | ui_url) or "")'
_OURS = {"prefect.resource.id": "prefect.tag.lamina", "prefect.resource.role": "tag"}
_CPU_POOL = {"prefect.resource.name": CPU_POOL, "prefect.resource.role": "work-pool"}
_RUNS = {"prefect.resource.id": "prefect.flow-run.*"}
_GOES_ON = ("Pending", "Running", "Completed", "Failed", "Cancelling", "Cancelled", "Crashed")


def notifications(
    client: SyncPrefectClient, blocks: str | None, late_minutes: float, *, gpu_rented: bool
) -> Iterator[AutomationCore]:
    """The automations that these blocks (`<type>/<name>`, with commas) are to have.

    Where a GPU is rented its jobs wait on purpose; whoever rents it tells what goes wrong.
    """
    named = [name.strip() for name in (blocks or "").split(",") if name.strip()]
    if documents := [one for name in named if (one := _block(client, name))]:
        late_ones = [_OURS, *[_CPU_POOL] * gpu_rented]
        yield from _automations(documents, timedelta(minutes=late_minutes), late_ones)


def _block(client: SyncPrefectClient, name: str) -> BlockDocument | None:
    kind, _, document = name.partition("/")
    try:
        return client.read_block_document_by_name(document, kind, include_secrets=False)
    except ObjectNotFound:
        msg = (
            f"nobody is told by {name}, which LAMINA_NOTIFY names: the server has no such block; "
            "make it on the page Blocks, name it as <type>/<name>, and run this again"
        )
        print(msg, file=sys.stderr)
        return None


def _automations(
    documents: list[BlockDocument], late: timedelta, late_ones: list[dict[str, str]]
) -> Iterator[AutomationCore]:
    def made(about: str, description: str, trigger: EventTrigger, text: str) -> AutomationCore:
        return AutomationCore(
            name=f"lamina: {about} is told",
            description=description,
            trigger=trigger,
            actions=[_action(document, about, text) for document in documents],
        )

    yield made(
        "what failed",
        "A run failed or crashed; one that crashed may be tried again",
        _at("prefect.flow-run.Failed", "prefect.flow-run.Crashed", "prefect.flow-run.TimedOut"),
        f'{_RUN} ~ ": " ~ flow_run.state.name ~ ". " ~ (flow_run.state.message or "") ~ {_LINK}',
    )
    yield made(
        "what is late",
        f"A run waits for {late / timedelta(minutes=1):g} minutes and has not begun",
        EventTrigger(
            after={"prefect.flow-run.Late"},
            expect={f"prefect.flow-run.{state}" for state in _GOES_ON},
            match=_RUNS,
            match_related=late_ones,
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=late,
        ),
        f'{_RUN} ~ " is late; see that " ~ flow_run.work_pool_name ~ " has a worker." ~ {_LINK}',
    )
    yield made(
        "what waits for a person",
        "A layer may serve if a person says so",
        _at("prefect.flow-run.Suspended"),
        f'flow_run.name ~ " Your word is waited for:" ~ {_LINK}',
    )
    yield made(
        "what is held",
        "A version of a layer does not serve, and why",
        _happens(LAYER_HELD),
        'event.payload.layer ~ " is held: " ~ event.payload.why',
    )
    yield made(
        "trouble with the rented GPU",
        "It was not started, or not stopped, and why",
        _happens(GPU_TROUBLE),
        "event.payload.why",
    )


def _at(*states: str) -> EventTrigger:
    return EventTrigger(
        expect={*states}, match=_RUNS, match_related=_OURS, posture=Posture.Reactive, threshold=1,
        within=timedelta(0),
    )  # fmt: skip


def _happens(event: str) -> EventTrigger:
    return EventTrigger(
        expect={event}, match={"prefect.resource.id": "lamina.*"}, posture=Posture.Reactive,
        threshold=1, within=timedelta(0),
    )  # fmt: skip


def _action(document: BlockDocument, about: str, text: str) -> CallWebhook | SendNotification:
    if document.block_type and document.block_type.slug == WEBHOOK:
        payload = f'{{"about": "{about}", "text": {{{{ ({text}) | tojson }}}}}}'
        return CallWebhook(block_document_id=document.id, payload=payload)
    return SendNotification(
        block_document_id=document.id, subject=f"Lamina: {about}", body=f"{{{{ {text} }}}}"
    )
