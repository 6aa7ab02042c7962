"""What a person can ask of a flow: the form in Prefect's UI and the options of the command line.

One definition for both, so a description is written once.
"""

from lamina.orders.demo import Demo
from lamina.orders.documents import Reading, WatchPdfs
from lamina.orders.layers import TrainLayer, TrainLayers
from lamina.orders.levels import MergeAndConvert, TrainAll
from lamina.orders.parity import CheckParity
from lamina.orders.upkeep import CollectGarbage
from lamina.orders.versions import ApproveLayer, AskLayers, PublishLayers, Rollback

__all__ = [
    "ApproveLayer",
    "AskLayers",
    "CheckParity",
    "CollectGarbage",
    "Demo",
    "MergeAndConvert",
    "PublishLayers",
    "Reading",
    "Rollback",
    "TrainAll",
    "TrainLayer",
    "TrainLayers",
    "WatchPdfs",
]
