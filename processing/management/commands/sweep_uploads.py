"""`manage.py sweep_uploads`: remove files that nothing owns."""

from __future__ import annotations

from typing import Any

from processing.management.report import ReportCommand, describe_bytes, describe_count
from processing.queue.sweep import sweep_uploads


class Command(ReportCommand):
    """Runs the sweep that is also scheduled every hour."""

    help = (
        "Delete uploads that no job reads, and files in the spool and the store that no upload, "
        "job or result owns. Young files are left alone, for they may be in use."
    )
    changes = True

    def handle(self, *, dry_run: bool, as_json: bool, **options: Any) -> None:
        """Sweep and report."""
        swept = sweep_uploads(dry_run=dry_run)
        uploads = describe_count(swept["uploads"], "expired upload")
        files = describe_count(swept["files"], "file")
        verb = "Would delete" if dry_run else "Deleted"
        line = f"{verb} {uploads} and {files} that nothing owns, {describe_bytes(swept['bytes'])}."
        self.report(swept, [line], as_json=as_json)
