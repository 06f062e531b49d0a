"""The checker itself: on a small tree, every rule finds its breach and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.layout.habits import (
    find_environment_readers,
    find_long_files,
    find_prints,
    find_vague_names,
)
from tests.layout.rooms import find_strangers, find_unknown_rooms, find_wrong_arrows
from tests.layout.sources import Source, read_sources

Rule = Callable[[Iterable[Source]], Iterator[str]]
RULES: list[Rule] = [
    find_wrong_arrows,
    find_unknown_rooms,
    find_strangers,
    find_environment_readers,
    find_long_files,
    find_vague_names,
    find_prints,
]


def judge(root: Path, path: str, text: str) -> dict[Rule, list[str]]:
    """Write one file and give what each rule says of the tree."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return {rule: list(rule(read_sources(root))) for rule in RULES}


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (find_wrong_arrows, "processing/memory/gate.py", "import processing.models"),
        (find_wrong_arrows, "processing/memory/gate.py", "from processing import models"),
        (find_wrong_arrows, "processing/memory/gate.py", "from ..models import Job"),
        (find_wrong_arrows, "processing/memory/gate.py", "from .. import models"),
        (
            find_wrong_arrows,
            "processing/memory/gate.py",
            "def f():\n    import processing.web.door",
        ),
        (find_wrong_arrows, "processing/memory/gate.py", "from processing.processors import echo"),
        (find_wrong_arrows, "processing/errors.py", "from processing.memory import gate"),
        (find_wrong_arrows, "processing/uploads/store.py", "from processing.models import Job"),
        (
            find_wrong_arrows,
            "processing/uploads/store.py",
            "from processing.database_store import storage",
        ),
        (find_wrong_arrows, "processing/queue/broker.py", "from processing.web import door"),
        (find_wrong_arrows, "processing/web/door.py", "from processing.console import page"),
        (find_wrong_arrows, "processing/web/door.py", "from processing.apps import Config"),
        (find_unknown_rooms, "processing/attic/trunk.py", ""),
        (find_unknown_rooms, "processing/attic.py", ""),
        (find_strangers, "processing/web/door.py", "from django_q.tasks import async_task"),
        (find_strangers, "processing/apps.py", "import django_q.signals"),
        (find_wrong_arrows, "processing/dyno/run.py", "from processing.models import Job"),
        (find_strangers, "processing/admin/memory.py", "import matplotlib.figure"),
        (find_strangers, "processing/admin/jobs.py", "from django_q import tasks"),
        (find_strangers, "processing/queue/run.py", "import httpx"),
        (find_strangers, "processing/web/door.py", "from aiohttp import web"),
        (find_strangers, "project/asgi.py", "import aiohttp"),
        (find_environment_readers, "processing/web/door.py", "import os\nos.environ['A']"),
        (find_environment_readers, "processing/web/door.py", "import os\nos.getenv('A')"),
        (find_environment_readers, "processing/web/door.py", "from os import environ"),
        (find_environment_readers, "project/gunicorn_conf.py", "from environs import Env"),
        (find_environment_readers, "manage.py", "import os\nos.environ.get('A')"),
        (
            find_environment_readers,
            "processing/apps.py",
            "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'a')",
        ),
        (find_long_files, "bench/load.py", "\n" * 251),
        (find_long_files, "tests/queue/test_claims.py", "\n" * 251),
        (find_vague_names, "processing/web/utils.py", ""),
        (find_vague_names, "tests/helpers/clock.py", ""),
        (find_vague_names, "bench/manager.py", ""),
        (find_prints, "processing/web/door.py", "def f():\n    print('hello')"),
    ],
)
def test_a_breach_is_found_by_its_rule_alone(
    tmp_path: Path, rule: Rule, path: str, text: str
) -> None:
    verdicts = judge(tmp_path, path, text)

    assert len(verdicts.pop(rule)) == 1
    assert not any(verdicts.values())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("processing/memory/gate.py", "from processing.errors import MemoryPressure"),
        ("processing/memory/gate.py", "from processing.memory.plan import Plan"),
        ("processing/memory/gate.py", "from .plan import Plan"),
        ("processing/uploads/store.py", "from processing.processors import registry"),
        (
            "processing/database_store/storage.py",
            "from processing.models import DatabaseFile\nfrom processing.uploads import walk",
        ),
        (
            "processing/queue/broker.py",
            "from processing.models import Job\nimport django_q.brokers",
        ),
        ("processing/web/door.py", "from processing.queue.submit import submit"),
        ("processing/urls.py", "from processing.web import door\nfrom processing import console"),
        ("processing/migrations/0001_initial.py", "import processing.web\n" * 300),
        ("processing/admin/tasks.py", "from django_q.models import Task\nimport django_q.admin"),
        ("processing/fanout/client.py", "import aiohttp, httpx"),
        ("processing/management/commands/qcluster.py", "print('seats: 2')"),
        ("processing/web/door.py", "import os\nos.getpid()"),
        ("processing/fanout/client.py", "from processing import __version__"),
        ("project/local.py", "import os\nos.environ['PORT']"),
        ("manage.py", "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'a')"),
        ("bench/load.py", "import os\nimport httpx\nprint(os.environ)" + "\n" * 247),
        (".venv/lib/utils.py", "import os\nos.environ"),
        ("var/static/helpers.py", ""),
    ],
)
def test_what_is_allowed_is_left_alone(tmp_path: Path, path: str, text: str) -> None:
    assert not any(judge(tmp_path, path, text).values())


def test_a_message_names_the_line_and_what_would_do(tmp_path: Path) -> None:
    verdicts = judge(tmp_path, "processing/memory/gate.py", "\nimport processing.models")

    assert verdicts[find_wrong_arrows] == [
        "processing/memory/gate.py:2: memory may not import processing.models; pass the value in, "
        "or move the code to a room that may import both"
    ]
