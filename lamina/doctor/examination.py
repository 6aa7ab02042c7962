"""The whole examination, in the order in which things are needed."""

import os

from lamina.doctor.environment import examine_environment
from lamina.doctor.finding import Finding
from lamina.doctor.models import examine_models
from lamina.doctor.services import examine_services
from lamina.doctor.storage import examine_storage
from lamina.settings import Settings
from lamina.workspace import Workspace


def examine(settings: Settings, workspace: Workspace) -> list[Finding]:
    """Everything worth knowing before the first stage runs; the caller decides the exit code.

    Nothing is created, started or changed, but digests of large files are remembered in a store
    that is there already.
    """
    # Prefect's own variable: it is no setting of Lamina's, which imports no Prefect.
    prefect_api_url = os.environ.get("PREFECT_API_URL") or None
    return [
        *examine_environment(settings.llama_cpp_dir),
        *examine_storage(workspace.root, workspace.base),
        *examine_models(settings, workspace),
        *examine_services(settings, workspace.adapters_gguf, prefect_api_url),
    ]
