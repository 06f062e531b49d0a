"""When the interface is loaded, and what is said where it is missing."""

from __future__ import annotations

import subprocess
import sys

from tests.service import DEFAULTS, ROOT, make_environment

SETTINGS = {"DJANGO_SETTINGS_MODULE": "project.settings"}

DECLARE_EARLY = """
import statistics
from django_tasks import task
task(priority=3)(statistics.fmean)
from django.apps import apps
print(apps.models_ready)
"""
START_WITHOUT_TASKS = """
import sys
import project.asgi
print("django_tasks" in sys.modules)
"""
IMPORT_WITHOUT_PACKAGE = """
import sys
import django
django.setup()
sys.modules["django_tasks"] = None
import processing.queue.tasks_backend
"""


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=make_environment(**DEFAULTS, **SETTINGS),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_task_can_be_declared_before_the_models_are_loaded() -> None:
    done = run_python(DECLARE_EARLY)
    assert done.stdout == "False\n", done.stderr


def test_a_service_without_tasks_does_not_load_the_package() -> None:
    done = run_python(START_WITHOUT_TASKS)
    assert done.stdout == "False\n", done.stderr


def test_a_missing_package_is_named_with_what_would_do() -> None:
    done = run_python(IMPORT_WITHOUT_PACKAGE)
    assert done.returncode == 1
    assert "pip install -r requirements-tasks.txt" in done.stderr
