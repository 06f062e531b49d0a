"""The list of resumable uploads, the page of one, and ending them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from processing.admin import resumable_uploads
from processing.models import ResumableUpload
from processing.uploads.store import get_store
from tests.factories import make_job, make_resumable

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folders")]

LIST = "/admin/processing/resumableupload/"
MIB = 1024 * 1024


def page_of(upload: ResumableUpload) -> str:
    return f"{LIST}{upload.pk}/change/"


def end_selected(client: Client, *uploads: ResumableUpload) -> str:
    ids = [str(upload.pk) for upload in uploads]
    form = {"action": "end_selected", "_selected_action": ids}
    return client.post(LIST, form, follow=True).content.decode()


def has_button(client: Client, upload: ResumableUpload) -> bool:
    text = client.get(page_of(upload)).content.decode()
    return f'hx-get="{LIST}{upload.pk}/end/"' in text


def press(client: Client, upload: ResumableUpload) -> Any:
    """Confirm the dialog of the button."""
    return client.post(f"{LIST}{upload.pk}/end/", {"_form_submitted": "True"})


def test_the_list_shows_how_far_an_upload_is(operator: Client) -> None:
    make_resumable(filename="orders.csv", length=4 * MIB, offset=MIB)
    text = operator.get(LIST).content.decode()
    for shown in ("orders.csv", "1.0\N{NO-BREAK SPACE}MB of 4.0\N{NO-BREAK SPACE}MB", "25%"):
        assert shown in text


@pytest.mark.parametrize("columns", [{"length": None}, {"length": 0}])
def test_a_length_that_makes_no_share_is_shown_without(
    operator: Client, columns: dict[str, int | None]
) -> None:
    upload = make_resumable(**columns)
    assert "%<" not in operator.get(LIST).content.decode()
    assert operator.get(page_of(upload)).status_code == 200


def test_it_says_whether_it_is_received_now(operator: Client) -> None:
    upload = make_resumable()
    assert "receiving" in operator.get(LIST).content.decode()
    [row] = operator.get(LIST).context["cl"].result_list
    admin = operator.get(LIST).context["cl"].model_admin
    assert not admin.is_held(row)
    upload.holder_expires_at = timezone.now() + timedelta(seconds=15)
    assert admin.is_held(upload)
    upload.holder_expires_at = timezone.now() - timedelta(seconds=15)
    assert not admin.is_held(upload)


def test_it_links_to_its_job_and_a_part_to_its_final(operator: Client) -> None:
    job = make_job(processor="upper", state="succeeded")
    final = make_resumable(kind="final", job=job)
    part = make_resumable(kind="partial", final=final, part_number=0)
    text = operator.get(LIST).content.decode()
    assert f'href="/admin/processing/job/{job.pk}/change/">upper (succeeded)<' in text
    assert f'href="{page_of(final)}">part 0 of a final upload<' in text
    for upload in (final, part):
        assert not has_button(operator, upload)


@pytest.mark.parametrize("term", ["ord", "ORDERS.csv", "id"])
def test_the_search_takes_the_beginning_of_name_or_id(operator: Client, term: str) -> None:
    wanted = make_resumable(filename="orders.csv")
    make_resumable()
    asked = str(wanted.pk)[:13] if term == "id" else term
    assert list(operator.get(f"{LIST}?q={asked}").context["cl"].result_list) == [wanted]


@pytest.mark.parametrize("is_open", [False, True])
def test_unfinished_ones_can_be_picked_out(operator: Client, is_open: bool) -> None:
    unfinished, complete = make_resumable(), make_resumable(job=make_job())
    found = operator.get(f"{LIST}?is_open__exact={int(is_open)}").context["cl"].result_list
    assert list(found) == [unfinished if is_open else complete]


def test_ending_removes_row_and_file_of_unfinished_ones_alone(operator: Client) -> None:
    unfinished = make_resumable()
    get_store().begin(unfinished.stored_name)
    complete = make_resumable(job=make_job())
    text = end_selected(operator, unfinished, complete)
    assert "1 unfinished upload ended. Skipped 1 whose bytes a job owns, or gone." in text
    assert ResumableUpload.objects.get() == complete
    with pytest.raises(FileNotFoundError):
        get_store().measure(unfinished.stored_name)
    assert LogEntry.objects.get().object_id == str(unfinished.pk)


def test_one_that_is_received_now_is_ended_too(operator: Client) -> None:
    ends_at = timezone.now() + timedelta(seconds=15)
    upload = make_resumable(holder="holder", holder_expires_at=ends_at)
    assert "1 unfinished upload ended." in end_selected(operator, upload)
    assert not ResumableUpload.objects.exists()


def test_one_action_ends_a_bounded_number(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumable_uploads, "MOST_UPLOADS", 2)
    uploads = [make_resumable() for _ in range(3)]
    text = end_selected(operator, *uploads)
    assert "2 unfinished uploads ended. One action takes 2 uploads; run it again" in text
    assert ResumableUpload.objects.count() == 1


def test_the_page_has_a_button_that_ends_it(operator: Client) -> None:
    upload = make_resumable()
    assert has_button(operator, upload)
    assert press(operator, upload).headers["HX-Redirect"] == LIST
    assert not ResumableUpload.objects.exists()
    assert press(operator, upload).status_code == 404


def test_whoever_may_only_look_ends_nothing(viewer: Client, folders: Path) -> None:
    upload = make_resumable()
    assert viewer.get(LIST).status_code == 200
    assert not has_button(viewer, upload)
    end_selected(viewer, upload)
    assert press(viewer, upload).status_code == 403
    assert ResumableUpload.objects.get() == upload


def test_nothing_is_edited_by_hand(operator: Client) -> None:
    upload = make_resumable()
    assert operator.get(f"{LIST}add/").status_code == 403
    assert operator.post(page_of(upload), {"filename": "b"}).status_code == 403
    assert operator.post(f"{LIST}{upload.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ResumableUpload.objects.get().filename == "a.txt"
