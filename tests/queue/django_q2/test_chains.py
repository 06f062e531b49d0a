"""Chains: the next step is queued once, when the one before has succeeded."""

from __future__ import annotations

import pytest
from django_q.models import Task
from django_q.tasks import Chain, async_chain, fetch_group

from tests.queue.django_q2 import hooks, tasks
from tests.queue.django_q2.outcomes import read_texts, wait_until_all_is_done

pytestmark = pytest.mark.usefixtures("cluster")

WAIT_MILLISECONDS = 10_000


def test_the_steps_of_a_chain_run_one_behind_the_other(notes: str) -> None:
    chain = Chain()
    for text in ("one", "two", "three"):
        chain.append(tasks.note, notes, text)
    assert chain.length() == 3
    assert chain.result() is None, "it has not been started"
    group = chain.run()
    assert sorted(chain.result(wait=WAIT_MILLISECONDS)) == ["one", "three", "two"]
    assert read_texts(notes) == ["one", "two", "three"]
    assert chain.current() == 3
    assert {row.group for row in chain.fetch()} == {group}


def test_steps_have_options_and_hooks_of_their_own(notes: str) -> None:
    steps = [
        (tasks.note, (notes, "one"), {"hook": hooks.note_outcome}),
        (tasks.add, (1, 2), {"three": 3, "task_name": "in the middle"}),
        (tasks.note, (notes, "two"), {"hook": "tests.queue.django_q2.hooks.note_outcome"}),
    ]
    group = async_chain(list(steps), group="a chain")
    wait_until_all_is_done()
    assert group == "a chain"
    assert Task.objects.get(name="in the middle").result == 6
    assert sorted(map(str, read_texts(notes))) == [
        "['hook', True, 'one']",
        "['hook', True, 'two']",
        "one",
        "two",
    ]


def test_a_chain_stops_behind_a_step_that_failed_for_good(notes: str) -> None:
    chain = [(tasks.note, (notes, "one")), (tasks.fail,), (tasks.note, (notes, "three"))]
    group = async_chain(chain)
    wait_until_all_is_done()
    assert read_texts(notes) == ["one"]
    rows = {row.success: row.attempt_count for row in fetch_group(group)}
    assert rows == {True: 1, False: 3}


@pytest.mark.usefixtures("two_attempts")
@pytest.mark.parametrize("step", [tasks.fail_before, tasks.die_before])
def test_a_chain_goes_on_once_behind_a_step_that_came_right(notes: str, step: object) -> None:
    group = async_chain([(step, (2, notes)), (tasks.note, (notes, "next")), (tasks.add, (1,))])
    wait_until_all_is_done()
    assert read_texts(notes) == ["attempt", "attempt", "next"]
    assert Task.objects.filter(group=group, success=True).count() == 3


def test_a_cached_chain_goes_on_too(notes: str) -> None:
    chain = Chain([(tasks.note, (notes, text)) for text in ("one", "two")], cached=True)
    chain.run()
    assert sorted(chain.result(wait=WAIT_MILLISECONDS)) == ["one", "two"]
    wait_until_all_is_done()
    assert read_texts(notes) == ["one", "two"]
    assert not Task.objects.exists()


def test_many_chains_at_the_same_time_lose_and_double_nothing(notes: str) -> None:
    for chain in range(10):
        async_chain([(tasks.note, (notes, f"{chain} {step}")) for step in range(5)])
    wait_until_all_is_done()
    texts = read_texts(notes)
    assert sorted(texts) == [f"{chain} {step}" for chain in range(10) for step in range(5)]
    for chain in range(10):
        own = [text for text in texts if text.startswith(f"{chain} ")]
        assert own == sorted(own)
