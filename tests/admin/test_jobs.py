"""The jobs list and a job's page."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from processing.models import Job
from processing.models.states import ERROR_CODES
from processing.processors import known_processors
from tests.factories import make_job, make_upload

pytestmark = pytest.mark.django_db

LIST = "/admin/processing/job/"
FIRST_ID = UUID("abcdef01-2345-6789-abcd-ef0123456789")


def read(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, response.headers
    return response.content.decode()


def page_of(job: Job) -> str:
    return f"{LIST}{job.pk}/change/"


def listed(client: Client, query: str) -> set[UUID]:
    """The ids of the jobs that the list shows for this query."""
    context = client.get(f"{LIST}?{query}").context
    return {job.pk for job in context["cl"].result_list}


def test_the_list_shows_what_a_job_is_and_how_it_fares(operator: Client) -> None:
    now = timezone.now()
    make_job(
        id=FIRST_ID,
        processor="csv_profile",
        state="running",
        attempts=1,
        progress=0.42,
        source_bytes=3 * 1024 * 1024,
        created_at=now.replace(hour=1, minute=2, second=3),
        started_at=now - timedelta(seconds=75),
    )
    make_job(state="failed", error_code="timeout", processor="", function="shop.orders.tidy.sort")
    text = read(operator, LIST)
    for shown in ("abcdef01", "csv_profile", "1 of 3", "42%", "3.0\N{NO-BREAK SPACE}MB"):
        assert shown in text
    for shown in ("01:02:03", "1 min 15 s", "timeout", "sort"):
        assert shown in text


def test_the_newest_job_comes_first(operator: Client) -> None:
    old = make_job(created_at=timezone.now() - timedelta(days=1))
    new = make_job()
    shown = operator.get(LIST).context["cl"].result_list
    assert [job.pk for job in shown] == [new.pk, old.pk]


def test_a_job_that_waits_for_its_time_says_how_long(operator: Client) -> None:
    soon = timezone.now() + timedelta(hours=2, minutes=5.5)
    waits = make_job(run_after=soon)
    make_job(run_after=soon, state="cancelled")
    make_job()
    assert read(operator, LIST).count("in 2 h 5 min<") == 1
    assert "in 2 h 5 min<" in read(operator, page_of(waits))


@pytest.mark.parametrize(
    ("query", "column", "value"),
    [
        ("state__exact=failed", "state", "failed"),
        ("priority__exact=high", "priority", "high"),
        ("processor=upper", "processor", "upper"),
        ("processor=-", "processor", ""),
        ("error_code=worker_lost", "error_code", "worker_lost"),
    ],
)
def test_a_filter_leaves_what_fits(operator: Client, query: str, column: str, value: str) -> None:
    make_job()
    wanted = make_job(**{column: value})
    assert listed(operator, query) == {wanted.pk}


def test_the_list_can_be_cut_by_date(operator: Client) -> None:
    make_job(created_at=timezone.now() - timedelta(days=3))
    today = make_job()
    text = read(operator, LIST)
    link = next(part for part in text.split('"') if "created_at__gte" in part)
    assert listed(operator, link.replace("&amp;", "&").removeprefix("?")) == {today.pk}


def test_the_choices_come_from_the_registry_and_not_from_the_table(operator: Client) -> None:
    make_job(processor="gone_long_ago", error_code="odd_code")
    specs = operator.get(LIST).context["cl"].filter_specs
    choices = {
        spec.title: [value for value, _ in getattr(spec, "lookup_choices", [])] for spec in specs
    }
    names = [known.name for known in known_processors()]
    assert choices["processor"] == [*names, "-"]
    assert choices["error"] == list(ERROR_CODES)


@pytest.mark.parametrize(
    "term",
    [
        str(FIRST_ID),
        FIRST_ID.hex,
        "abcdef01",
        "ABCDEF01-23",
        "order-7",
        "nightly",
        "shop.orders",
        "  nightly  ",
    ],
)
def test_the_search_finds_a_job_by_what_names_it(operator: Client, term: str) -> None:
    make_job()
    job = make_job(
        id=FIRST_ID, name="the nightly run", function="shop.orders.sort", idempotency_key="order-7"
    )
    assert listed(operator, f"q={term}") == {job.pk}


def test_a_key_that_looks_like_an_id_is_found_where_no_id_begins_so(operator: Client) -> None:
    job = make_job(idempotency_key="c0ffee00-0000-4000-8000-000000000000")
    make_job()
    assert listed(operator, "q=c0ffee00-0000-4000-8000-000000000000") == {job.pk}


@pytest.mark.parametrize("term", ["no such thing", "0", "%", "ffffffffffffffff", "é", "a" * 300])
def test_a_search_for_nothing_finds_nothing(operator: Client, term: str) -> None:
    make_job(id=FIRST_ID)
    assert listed(operator, f"q={term}") == set()


def test_the_page_of_a_failed_job_shows_why(operator: Client) -> None:
    job = make_job(
        state="failed",
        error_code="task_error",
        error_message="bad <input>",
        error_traceback='Traceback (most recent call last):\n  File "a.py"',
    )
    text = read(operator, page_of(job))
    assert "bad &lt;input&gt;</pre>" in text
    assert "Traceback (most recent call last):\n  File &quot;a.py&quot;</pre>" in text
    assert f"/jobs/{job.pk}/result" not in text


def test_the_page_of_a_job_links_to_its_result_and_its_upload(operator: Client) -> None:
    upload = make_upload(filename="orders.csv")
    job = make_job(
        state="succeeded",
        upload=upload,
        result='{"rows": 7}',
        result_name="results/ab/abc-1",
        result_bytes=2048,
        result_media_type="text/csv",
    )
    text = read(operator, page_of(job))
    assert f'href="/jobs/{job.pk}/result">text/csv, 2.0\N{NO-BREAK SPACE}KB<' in text
    assert f'href="/admin/processing/upload/{upload.pk}/change/">orders.csv<' in text
    assert "{&quot;rows&quot;: 7}</pre>" in text


def test_an_expired_result_has_no_link(operator: Client) -> None:
    job = make_job(state="succeeded", result="1", result_expires_at=timezone.now())
    assert f"/jobs/{job.pk}/result" not in read(operator, page_of(job))


def test_a_large_result_is_shown_in_part(operator: Client) -> None:
    job = make_job(state="succeeded", result='"' + "x" * 500_000 + '"')
    text = read(operator, page_of(job))
    assert "… (cut here)" in text
    assert len(text) < 200_000


@pytest.mark.parametrize("path", ["nonsense/change/", f"{FIRST_ID}/change/"])
def test_a_job_that_does_not_exist_leads_back_with_a_message(operator: Client, path: str) -> None:
    response = operator.get(LIST + path, follow=True)
    assert response.redirect_chain == [("/admin/", 302)]
    assert "exist" in response.content.decode()


@pytest.mark.parametrize("path", ["add/", f"{FIRST_ID}/delete/"])
def test_jobs_are_not_added_or_deleted_by_hand(operator: Client, path: str) -> None:
    make_job(id=FIRST_ID)
    assert operator.get(LIST + path).status_code == 403
    assert operator.post(LIST + path, {"post": "yes"}).status_code == 403
    assert Job.objects.count() == 1


def test_jobs_are_not_edited_by_hand(operator: Client) -> None:
    job = make_job()
    assert operator.post(page_of(job), {"state": "succeeded"}).status_code == 403
    job.refresh_from_db()
    assert job.state == "queued"
    assert 'name="state"' not in read(operator, page_of(job))


def test_a_stranger_is_sent_to_the_login() -> None:
    response = Client().get(LIST)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/")
