"""What a job allocated while it ran alone, as a table."""

from __future__ import annotations

from typing import Any

from processing.admin.deliveries import NOTHING
from processing.admin.window import show_bytes
from processing.models import Job

HEADERS = ("memory", "blocks", "place", "line")


def tabulate_allocations(job: Job) -> dict[str, Any]:
    """The headers and rows of the theme's table, the line that held most first."""
    return {"headers": HEADERS, "rows": [_make_row(line) for line in job.allocated_lines]}


def _make_row(line: dict[str, Any]) -> list[Any]:
    detail = f" ({line['detail']})" if "detail" in line else ""
    return [
        show_bytes(line["bytes"]),
        f"{line['blocks']:,}" if line["blocks"] else NOTHING,
        line["place"],
        f"{line['line']}{detail}",
    ]
