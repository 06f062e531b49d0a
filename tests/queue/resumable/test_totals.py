"""How many bytes uploads may yet bring, and how many they keep."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from processing.queue.resumable import concatenate, sum_kept_bytes, sum_promised_bytes
from tests.factories import make_resumable
from tests.queue.resumable.uploading import DATA, begin_upload, make_part, receive

pytestmark = pytest.mark.django_db


def test_nothing_is_kept_where_there_is_nothing() -> None:
    assert sum_promised_bytes() == sum_kept_bytes() == 0


def test_an_unfinished_upload_counts_with_its_whole_length(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    receive(begin_upload(), DATA[:4])
    make_resumable(length=1_000_000_000_000)
    with django_assert_num_queries(1):
        assert sum_promised_bytes() == 6 + 1_000_000_000_000
    with django_assert_num_queries(1):
        assert sum_kept_bytes() == 10 + 1_000_000_000_000


def test_one_of_unknown_length_counts_with_what_there_is() -> None:
    receive(begin_upload(length=None), DATA[:4])
    assert sum_promised_bytes() == 0
    assert sum_kept_bytes() == 4


def test_what_a_job_owns_is_counted_elsewhere() -> None:
    receive(begin_upload(), DATA)
    parts = [make_part(b"abc"), make_part(b"def")]
    assert sum_kept_bytes() == 6
    ids = [part.pk for part in parts]
    concatenate(ids, caller="", operates=False, filename="a", processor="sha256")
    assert sum_promised_bytes() == sum_kept_bytes() == 0
