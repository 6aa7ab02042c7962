"""Prefect blocks: what a person edits in the UI and the next run obeys. Data and credentials only.

A field that is empty leaves the pod's own environment in force; a field that is set wins over it.
"""

from blocks.layer_server import LayerServer
from blocks.training_profile import TrainingProfile
from blocks.workspace import LaminaWorkspace

__all__ = ["LaminaWorkspace", "LayerServer", "TrainingProfile"]
