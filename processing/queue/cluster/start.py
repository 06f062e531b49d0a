"""Starting a cluster in this process."""

from __future__ import annotations

import logging

from django.conf import settings
from django_q.conf import Conf

from processing.memory.plan import WorkerPlan
from processing.queue.cluster.options import ClusterOptions
from processing.queue.cluster.process_traits import name_process
from processing.queue.cluster.template import Template

logger = logging.getLogger(__name__)


def run_cluster(*, plan: WorkerPlan, once: bool, name: str | None) -> int:
    """Be the first process of a cluster so planned, until it ends; returns the exit status.

    `name` is that of another queue than the project's own.
    """
    if name:
        Conf.CLUSTER_NAME = name  # what django-q2's brokers and scheduler go by
    options = ClusterOptions(
        queue=Conf.CLUSTER_NAME,
        plan=plan,
        grace_seconds=settings.SHUTDOWN_GRACE_SECONDS,
        once=once,
    )
    logger.info("cluster for the queue %s starts with seats: %s", options.queue, plan.seats)
    name_process("q template")
    status = Template(options).run()
    logger.info("cluster for the queue %s has stopped", options.queue)
    return status
