"""Processors: the functions that jobs run, found by name. No Django in here."""

from processing.processors.declaration import Accepts, Processor
from processing.processors.job import JSONValue, ProcessorJob
from processing.processors.loading import load_processors
from processing.processors.registry import get_processor, known_processors, processor

__all__ = [
    "Accepts",
    "JSONValue",
    "Processor",
    "ProcessorJob",
    "get_processor",
    "known_processors",
    "load_processors",
    "processor",
]
