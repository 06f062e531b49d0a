"""What the lists cost: the same for 3 rows as for 30, and nothing large is read."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import Schedule, Task
from pytest_django import DjangoAssertNumQueries

from processing.models import Job
from tests.factories import make_job, make_resumable, make_sample, make_upload

pytestmark = pytest.mark.django_db

#: Two for the session and its user, one bounded count, one for the rows.
QUERIES_OF_A_LIST = 4
#: And one for the queues that are paused.
QUERIES_OF_JOBS = QUERIES_OF_A_LIST + 1


def make_task(number: int, *, success: bool = True) -> Task:
    now = timezone.now()
    return Task.objects.create(
        id=f"{number:032x}",
        name=f"task {number}",
        func="math.floor",
        args=(1.5,),
        result="x",
        success=success,
        started=now,
        stopped=now,
    )


def make_schedule(number: int) -> None:
    task = make_task(number)
    Schedule.objects.create(name=f"schedule {number}", func="math.floor", task=task.id)


def make_failure(number: int) -> None:
    make_task(number, success=False)


def make_file(number: int) -> None:
    make_job(upload=make_upload(filename=f"{number}.txt"))


LISTS: dict[str, Callable[[int], object]] = {
    "processing/job": lambda number: make_file(number),
    "processing/job/?state__exact=queued&processor=echo": lambda number: make_job(),
    "processing/job/?q=echo": lambda number: make_job(),
    "processing/upload": make_file,
    "processing/resumableupload": lambda number: make_resumable(job=make_job()),
    "processing/resumableupload/?kind__exact=single": lambda number: make_resumable(),
    "processing/memorysample": lambda number: make_sample(),
    "processing/memorysample/?action=any&type=worker": lambda number: make_sample(action="leak"),
    "django_q/success": make_task,
    "django_q/failure": make_failure,
    "django_q/schedule": make_schedule,
    "auth/group": lambda number: Group.objects.create(name=f"group {number}"),
}


def path_of(name: str) -> str:
    return f"/admin/{name}" if "?" in name else f"/admin/{name}/"


@pytest.mark.parametrize("name", LISTS)
def test_thirty_rows_cost_as_many_queries_as_three(
    operator: Client, name: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    count = QUERIES_OF_JOBS if name.startswith("processing/job") else QUERIES_OF_A_LIST
    for number in range(3):
        LISTS[name](number)
    with django_assert_num_queries(count):
        assert operator.get(path_of(name)).status_code == 200
    for number in range(3, 30):
        LISTS[name](number)
    with django_assert_num_queries(count):
        response = operator.get(path_of(name))
    assert len(response.context["cl"].result_list) >= 30


def test_users_cost_one_query_more_for_the_groups_of_the_filter(
    operator: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        User.objects.create_user(f"user {number}")
    with django_assert_num_queries(QUERIES_OF_A_LIST + 1):
        assert operator.get("/admin/auth/user/").status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_no_list_counts_a_whole_table_or_reads_what_is_large(operator: Client, name: str) -> None:
    LISTS[name](1)
    with CaptureQueriesContext(connection) as queries:
        operator.get(path_of(name))
    statements = [query["sql"] for query in queries]
    for sql in statements:
        columns = sql.partition(" FROM ")[0]
        assert not re.search(
            r'"(package|history|error_traceback|result|args|kwargs|body|metadata|digest_state)"',
            columns,
        ) or (
            "django_q_schedule" in sql  # there they are short texts that somebody typed
        )
        if "COUNT(" in sql:
            assert re.fullmatch(r"SELECT COUNT\(\*\) FROM \(SELECT .+ LIMIT 10001\) subquery", sql)
    assert not any("DISTINCT" in sql for sql in statements)


def test_the_jobs_list_is_read_by_its_index(operator: Client) -> None:
    make_job()
    with CaptureQueriesContext(connection) as queries:
        operator.get("/admin/processing/job/")
    [sql] = [query["sql"] for query in queries if '"processing_job"."queue"' in query["sql"]]
    assert sql.endswith('ORDER BY "processing_job"."created_at" DESC, "processing_job"."id" DESC')
    if connection.vendor == "sqlite":
        assert "job_newest" in Job.objects.order_by("-created_at", "-id")[:50].explain()
