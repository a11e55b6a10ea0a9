"""Series of images: a spec in TOML, rendered by any number of workers, and the same bytes however often it was stopped."""

from nbhybrid.batch.cluster import SchedulerLost, WorkerFailed
from nbhybrid.batch.run import Result, run_batch
from nbhybrid.batch.spec import Spec

__all__ = ["Result", "SchedulerLost", "Spec", "WorkerFailed", "run_batch"]
