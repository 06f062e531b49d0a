"""`manage.py qcluster`: django-q2's command, with Plimsoll's cluster behind it."""

from __future__ import annotations

import logging
import sys
from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand

from processing.management.arguments import seat_count
from processing.queue.cluster.start import run_cluster

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Runs the cluster in the foreground until SIGTERM or SIGINT."""

    # Our own, and not that of the URLs, which would load the code of the web and the admin.
    requires_system_checks = ("plimsoll", Tags.models, Tags.caches)
    help = (
        "Run background jobs: a template, a supervisor, and one process for each seat. SIGTERM or "
        "Ctrl-C lets running tasks finish for SHUTDOWN_GRACE_SECONDS and queues the rest again; a "
        "second one does so at once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add django-q2's options and our own."""
        parser.add_argument(
            "--seats",
            type=seat_count,
            default=settings.WORKER_SEATS,
            help="tasks that run at the same time (default: WORKER_SEATS, %(default)s)",
        )
        parser.add_argument(
            "--once",
            "--run-once",
            action="store_true",
            help="run what is due, and end when nothing is left",
        )
        parser.add_argument(
            "-n",
            "--name",
            help="serve the queue of this name (default: Q_CLUSTER_NAME, or the project's queue)",
        )

    def handle(self, *, seats: int, once: bool, name: str | None, **options: Any) -> None:
        """Run; the exit status is 0 for an end that was asked for."""
        plan = settings.WORKER_PLAN
        if seats != plan.seats:
            plan = replace(plan, given_seats=seats)
        if plan.refusal:
            sys.exit(f"Plimsoll cannot start: {plan.refusal}")
        logger.info("memory: %s", plan.describe())
        sys.exit(run_cluster(plan=plan, once=once, name=name))
