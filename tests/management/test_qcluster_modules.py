"""What a worker loads before its first task: each seat holds it."""

from __future__ import annotations

from tests.service import DEFAULTS, make_environment, run_manage

LOOK = """
import sys
from django.core.checks import run_checks
from processing.management.commands.qcluster import Command
run_checks(tags=list(Command.requires_system_checks))
heavy = {"aiohttp", "httpx", "boto3", "gunicorn"}
print(sorted(heavy & {name.partition(".")[0] for name in sys.modules}))
"""


def test_a_worker_loads_no_http_client_and_nothing_of_the_web() -> None:
    env = make_environment(**DEFAULTS, EXTERNAL_URLS="https://example.com/")
    done = run_manage("shell", "-v0", "-c", LOOK, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
