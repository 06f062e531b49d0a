"""Importing the modules that register processors."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

BUILT_IN_MODULES = (
    "processing.processors.compress",
    "processing.processors.csv_profile",
    "processing.processors.echo",
    "processing.processors.sha256",
    "processing.processors.summarize",
    "processing.processors.upper",
)


def load_processors(modules: Iterable[str] = ()) -> None:
    """Import the built-in processors and the given modules; a second call changes nothing.

    `modules` are the dotted names of PROCESSOR_MODULES. One that cannot be imported, for
    whatever reason, raises ImportError with its name and the reason.
    """
    for module in BUILT_IN_MODULES:
        import_module(module)
    for module in modules:
        _import_listed(module)


def _import_listed(module: str) -> None:
    try:
        import_module(module)
    except Exception as error:
        raise ImportError(
            f"cannot import {module!r}, which PROCESSOR_MODULES lists: "
            f"{type(error).__name__}: {error}. Correct the module, or take it off the list.",
            name=module,
        ) from error
