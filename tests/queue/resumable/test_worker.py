"""A real worker: it finishes what a dead web process left behind, and reads what came in parts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from processing.models import Job, ResumableUpload
from processing.queue.resumable import concatenate
from tests.cluster import run_cluster
from tests.queue.resumable.uploader import run_uploader
from tests.queue.resumable.uploading import DATA, begin_upload, end_lease, make_part, sha256
from tests.service import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

WAIT_SECONDS = 60


def test_it_finishes_and_runs_what_was_left_and_what_came_in_parts(
    tmp_path: Path, store: Path
) -> None:
    upload = begin_upload()
    with run_uploader(store) as uploader:
        assert uploader.do("take", str(upload.pk))
        assert uploader.do("append", DATA.decode()) == uploader.do("close") == 10
    end_lease(upload)
    ids = [make_part(data).pk for data in (DATA[:3], DATA[3:])]
    final = concatenate(ids, caller="", operates=False, filename="a", processor="sha256")
    with run_cluster(tmp_path, UPLOAD_STORAGE_URL=f"file://{store}"):
        wait_for(lambda: count_done() == 2, WAIT_SECONDS, "both jobs are done")
    upload.refresh_from_db()
    for job_id in (upload.job_id, final.job_id):
        result = Job.objects.get(pk=job_id).result
        assert json.loads(result)["sha256"] == sha256(DATA)
    assert not ResumableUpload.objects.open().exists()


def count_done() -> int:
    return int(Job.objects.filter(processor="sha256", state="succeeded").count())
