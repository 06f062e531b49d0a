"""What clusters say of themselves, in the cache that every process reads."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.signing import SignedPackage

from processing.queue.broker import STAT_SECONDS

pytestmark = pytest.mark.django_db

PATTERN = f"{Conf.Q_STAT}:*"
#: Where Django's cache looks at the clock.
CACHE_CLOCK = "django.core.cache.backends.db.tz_now"


def pack_stat(status: Any = Conf.IDLE) -> str:
    return str(SignedPackage.dumps(SimpleNamespace(status=status), True))


def say(cluster: str, status: Any = Conf.IDLE, timeout: int = 3) -> None:
    get_broker().set_stat(f"{Conf.Q_STAT}:{cluster}", pack_stat(status), timeout)


def count_stats() -> int:
    return len(get_broker().get_stats(PATTERN))


def count_keys() -> int:
    return len(get_broker().cache.get(Conf.Q_STAT, []))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let so many seconds pass for the cache."""

    def wait(seconds: float) -> None:
        moment = datetime.now(UTC) + timedelta(seconds=seconds)
        monkeypatch.setattr(CACHE_CLOCK, lambda: moment)

    return wait


def test_a_stat_outlives_a_stall_that_django_q2_would_take_for_a_death(later: Any) -> None:
    say("one", timeout=3)
    later(STAT_SECONDS - 2)
    assert count_stats() == 1
    later(STAT_SECONDS + 2)
    assert count_stats() == 0


@pytest.mark.parametrize("end", [{"status": Conf.STOPPED}, {"timeout": 0}])
def test_a_cluster_that_stopped_leaves_nothing(end: dict[str, Any]) -> None:
    say("one")
    say("two")
    say("one", **end)
    assert (count_stats(), count_keys()) == (1, 1)


def test_clusters_that_died_do_not_fill_the_list_of_keys(later: Any) -> None:
    for index in range(20):
        later(index * (STAT_SECONDS + 2))
        say(str(index))
    assert count_keys() <= 2


def test_reading_the_stats_writes_nothing(django_assert_num_queries: Any) -> None:
    say("one")
    with django_assert_num_queries(2) as queries:
        assert count_stats() == 1
    assert all(query["sql"].startswith("SELECT") for query in queries)


def test_the_cache_holds_more_than_an_iter_has_arguments() -> None:
    cache = get_broker().cache
    for index in range(310):  # Django's own bound is 300
        cache.set(f"iter:{index}", index, timeout=None)
    assert len(cache.get_many([f"iter:{index}" for index in range(310)])) == 310


def test_a_name_of_another_queue_keeps_broker_and_cache() -> None:
    code = (
        "import django; django.setup()\n"
        "from django_q.brokers import get_broker\n"
        "broker = get_broker()\n"
        "print(broker.list_key, type(broker).__name__, type(broker.cache).__name__)"
    )
    env = {**os.environ, "Q_CLUSTER_NAME": "other", "DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["other", "DatabaseBroker", "DatabaseCache"], done.stderr
