"""The words in which labs are written."""

from harness.model.expect import baseline, on, predict
from harness.model.fault import Kill, Pause, during
from harness.model.lab import Broken, Fixed, Lab, Service
from harness.model.load import Paced, Poisson

__all__ = [
    "Broken",
    "Fixed",
    "Kill",
    "Lab",
    "Paced",
    "Pause",
    "Poisson",
    "Service",
    "baseline",
    "during",
    "on",
    "predict",
]
