"""echo: the smallest processor."""

from __future__ import annotations

from processing.processors.job import JSONValue, ProcessorJob
from processing.processors.registry import processor


@processor("echo", accepts="json")
def echo(job: ProcessorJob, data: JSONValue) -> JSONValue:
    """Return the data as it came."""
    return data
