"""Commands that end with a report: lines for people, or one JSON document with --json."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.management.base import BaseCommand
from django.template.defaultfilters import filesizeformat


class ReportCommand(BaseCommand):
    """A command with --json, and with --dry-run where it `changes` something."""

    changes = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what all of these commands take."""
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="print one JSON document"
        )
        if self.changes:
            parser.add_argument(
                "--dry-run", action="store_true", help="change nothing, tell what would be done"
            )

    def report(self, document: Mapping[str, Any], lines: Iterable[str], *, as_json: bool) -> None:
        """Print the document or the lines to stdout."""
        self.stdout.write(json.dumps(document) if as_json else "\n".join(lines))


def describe_bytes(size_bytes: int) -> str:
    """A size as people read it, such as "1.5 MB" (of 1024 × 1024 bytes)."""
    return filesizeformat(size_bytes).replace("\N{NO-BREAK SPACE}", " ")


def describe_count(count: int, noun: str) -> str:
    """ "1 job", "1,204 jobs"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
