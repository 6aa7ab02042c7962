"""What the server does by itself when a pod vanishes or a run crashes.

The triggers that start one deployment after another stand with the deployments, in `prefect.yaml`.
"""

from collections.abc import Iterator
from datetime import timedelta

from change import Change
from notifications import notifications
from prefect.automations import AutomationCore, EventTrigger, Posture
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState

from lamina.settings import load

# A pod that vanishes takes its worker along, so nobody is left to say that its runs ended. Runs
# send a heartbeat every 30 s (PREFECT_FLOWS_HEARTBEAT_FREQUENCY); six missed ones are enough, and
# leave room for a database that is away for a minute. For a server's absence: prefect_server.py.
_ENDS = ("Completed", "Failed", "Cancelled", "Crashed", "Suspended", "AwaitingRetry")
LOST = AutomationCore(
    name="lamina: lost runs are crashed",
    description="A run whose heartbeat stopped is marked Crashed, and its slot is free again",
    trigger=EventTrigger(
        after={"prefect.flow-run.heartbeat"},
        expect={"prefect.flow-run.heartbeat", *(f"prefect.flow-run.{end}" for end in _ENDS)},
        match={"prefect.resource.id": "prefect.flow-run.*"},
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=timedelta(seconds=180),
    ),
    actions=[
        ChangeFlowRunState(
            state=StateType.CRASHED,
            name="Crashed",
            message="no heartbeat for 180 s: its process, worker or pod is gone",
        )
    ],
)

# What stands in the store is not done again, so a second try goes on where the first one stopped.
# The pause lets the worker see the end of its process: one that gets the run back before that dies
# of it ("this borrower is already holding one of this CapacityLimiter's tokens", Prefect 3.8.8).
RETRY = AutomationCore(
    name="lamina: crashed runs are tried again",
    description="The same run once more on any worker of its pool, three times in all",
    trigger=EventTrigger(
        after={"prefect.flow-run.Crashed"},
        expect={"prefect.flow-run.AwaitingRetry", "prefect.flow-run.Pending"},
        match={"prefect.resource.id": "prefect.flow-run.*", "prefect.run-count": ["1", "2"]},
        match_related={
            "prefect.resource.id": "prefect.tag.retry-after-crash",
            "prefect.resource.role": "tag",
        },
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=timedelta(seconds=15),
    ),
    actions=[
        ChangeFlowRunState(
            state=StateType.SCHEDULED, name="AwaitingRetry", message="crashed; tried again"
        )
    ],
)


def automations(client: SyncPrefectClient) -> Iterator[Change]:
    """The automations that are missing, or that are others now; a paused one stays paused."""
    told = load()
    asked = notifications(client, told.notify, told.notify_late_minutes, gpu_rented=told.rents)
    for wanted in (LOST, RETRY, *asked):
        found = client.read_automations_by_name(wanted.name)
        if not found:
            yield Change(
                f"automation {wanted.name}", lambda wanted=wanted: client.create_automation(wanted)
            )
        elif _body(found[0]) != _body(wanted):
            changed = wanted.model_copy(update={"enabled": found[0].enabled})
            yield Change(
                f"automation {wanted.name} (changed)",
                lambda known=found[0].id, changed=changed: client.update_automation(known, changed),
            )


def _body(automation: AutomationCore) -> object:
    """What it does, in one spelling: sets come in any order."""
    body = automation.model_dump(mode="json", include={"description", "trigger", "actions"})
    trigger = body["trigger"]
    trigger.pop("id", None)
    return body | {"trigger": trigger | {name: sorted(trigger[name]) for name in _SETS}}


_SETS = ("after", "expect", "for_each")
