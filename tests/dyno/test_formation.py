from __future__ import annotations

import pytest

from processing.dyno.formation import BadFormation, Restart, plan_formation, plan_one_off

PROCFILE = {"web": "serve", "worker": "work", "release": "migrate"}


def name_all(*words: str) -> list[str]:
    return [plan.name for plan in plan_formation(words, PROCFILE)]


def test_each_process_is_a_dyno_of_its_own() -> None:
    assert name_all("web=2", "worker=1") == ["web.1", "web.2", "worker.1"]


def test_a_type_alone_is_one_dyno() -> None:
    assert name_all("worker") == ["worker.1"]


def test_nothing_asked_for_is_every_type_but_release() -> None:
    assert name_all() == ["web.1", "worker.1"]


def test_a_count_of_zero_leaves_a_type_out() -> None:
    assert name_all("web=0", "worker=1") == ["worker.1"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["clock=1"], "'clock' is not in the Procfile; it has web, worker, release"),
        (["web=x"], "'web=x' is no number of dynos; write a whole number up to 100"),
        (["web="], "'web=' is no number of dynos"),
        (["web=101"], "'web=101' is no number of dynos"),
        (["web", "web"], "'web' is there twice; write web=2"),
        (["web=0"], "there is nothing to run"),
    ],
)
def test_what_cannot_be_run_says_what_can(words: list[str], message: str) -> None:
    with pytest.raises(BadFormation, match=message):
        plan_formation(words, PROCFILE)


def test_a_command_is_one_dyno_that_runs_once_with_its_arguments_kept_apart() -> None:
    [plan] = plan_one_off(["echo", "two words"])
    assert (plan.name, plan.command, plan.restart) == ("run.1", "echo 'two words'", Restart.NEVER)
