"""The uploads list and an upload's page."""

from __future__ import annotations

import pytest
from django.test import Client

from processing.models import Upload
from tests.factories import make_job, make_upload

pytestmark = pytest.mark.django_db

LIST = "/admin/processing/upload/"


def test_the_list_shows_the_file_and_its_job(operator: Client) -> None:
    upload = make_upload(filename="orders.csv", size_bytes=1536, sha256="ab" * 32)
    job = make_job(processor="upper", state="succeeded", upload=upload)
    text = operator.get(LIST).content.decode()
    for shown in ("orders.csv", "1.5\N{NO-BREAK SPACE}KB", "abababababab<"):
        assert shown in text
    assert f'href="/admin/processing/job/{job.pk}/change/">upper (succeeded)<' in text


def test_an_upload_without_a_job_has_no_link(operator: Client) -> None:
    upload = make_upload()
    assert "/admin/processing/job/0" not in operator.get(LIST).content.decode()
    assert operator.get(f"{LIST}{upload.pk}/change/").status_code == 200


@pytest.mark.parametrize("term", ["ord", "ORDERS.csv", "abab"])
def test_the_search_takes_the_beginning_of_name_or_digest(operator: Client, term: str) -> None:
    wanted = make_upload(filename="orders.csv", sha256="ab" * 32)
    make_upload()
    assert list(operator.get(f"{LIST}?q={term}").context["cl"].result_list) == [wanted]


def test_the_page_has_the_whole_digest(operator: Client) -> None:
    upload = make_upload(sha256="ab" * 32)
    assert "ab" * 32 in operator.get(f"{LIST}{upload.pk}/change/").content.decode()


def test_uploads_are_not_edited_by_hand(operator: Client) -> None:
    upload = make_upload()
    assert operator.get(f"{LIST}add/").status_code == 403
    assert operator.post(f"{LIST}{upload.pk}/change/", {"filename": "b"}).status_code == 403
    assert operator.post(f"{LIST}{upload.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Upload.objects.get().filename == "a.txt"
