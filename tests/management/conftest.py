"""Running a command here, and its two kinds of output."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import CommandError, call_command


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a command printed, and the error that it ended with."""

    out: str
    err: str
    error: str

    @property
    def document(self) -> Any:
        """stdout as the one JSON document that it has to be."""
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture
def run() -> Run:
    """Run a command with arguments as they are typed."""

    def run(name: str, *arguments: str) -> Said:
        out, err, problem = io.StringIO(), io.StringIO(), ""
        try:
            call_command(name, *arguments, stdout=out, stderr=err)
        except CommandError as error:
            problem = str(error)
        return Said(out=out.getvalue(), err=err.getvalue(), error=problem)

    return run
