"""The lock of an upload: who has it, for how long, and who is told."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from processing.errors import InvalidUploadLength, NoSuchUpload
from processing.models import ResumableUpload
from processing.queue.resumable import (
    LEASE_SECONDS,
    Hold,
    ask_for,
    create,
    give_up,
    let_go,
    make_holder,
    renew,
    set_length,
    start_provisional,
    take,
)
from processing.uploads.digest import DigestState
from tests.factories import make_job, make_resumable
from tests.queue.clusters import run_first_process
from tests.queue.resumable.test_holder import name_process
from tests.queue.resumable.uploading import end_lease, expire, take_surely

pytestmark = pytest.mark.django_db

STATE = DigestState(b"s" * 112, 4)


@pytest.fixture
def upload() -> ResumableUpload:
    return make_resumable()


def read(upload: ResumableUpload) -> ResumableUpload:
    row: ResumableUpload = ResumableUpload.objects.get(pk=upload.pk)
    return row


def test_whoever_takes_it_has_the_row_as_it_is(
    upload: ResumableUpload, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ResumableUpload.objects.filter(pk=upload.pk).update(offset=4, digest_state=b"state")
    with django_assert_num_queries(1):
        taken = take(upload.pk, "first")
    assert taken is not None
    assert taken == read(upload)
    for field in ResumableUpload._meta.concrete_fields:
        assert getattr(taken, field.attname) == getattr(read(upload), field.attname)
    assert (taken.offset, bytes(taken.digest_state), taken.holder) == (4, b"state", "first")
    assert taken.holder_expires_at is not None


def test_a_hold_lasts_as_long_however_it_began(upload: ResumableUpload) -> None:
    create(caller="", length=1, filename="a", holder="first")
    take_surely(upload, "first")
    renewed = make_resumable()
    take_surely(renewed, "first")
    end_lease(renewed)
    renew(renewed.pk, "first", 0, None)
    for row in ResumableUpload.objects.all():
        left = row.holder_expires_at - timezone.now()
        assert timedelta(seconds=LEASE_SECONDS - 5) < left <= timedelta(seconds=LEASE_SECONDS)


def test_nobody_else_takes_it(upload: ResumableUpload) -> None:
    take_surely(upload, "first")
    assert take(upload.pk, "second") is None
    assert read(upload).holder == "first"


def test_it_can_be_taken_when_the_lease_is_over(upload: ResumableUpload) -> None:
    take_surely(upload, "first")
    end_lease(upload)
    assert take_surely(upload, "second").holder == "second"


def test_what_a_dead_process_of_this_machine_held_can_be_had_at_once(
    upload: ResumableUpload, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with run_first_process() as process:
        dead = name_process(process.pid)
        take_surely(upload, dead)
        assert take(upload.pk, make_holder()) is None
    with django_assert_num_queries(3):
        assert take(upload.pk, make_holder()) is not None


def test_what_is_gone_cannot_be_taken(upload: ResumableUpload) -> None:
    with pytest.raises(NoSuchUpload):
        take(uuid.uuid4(), "first")


def test_a_renewal_holds_it_and_notes_how_far_it_is(
    upload: ResumableUpload, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    taken = take_surely(upload, "first")
    end_lease(upload)
    expire(upload)
    with django_assert_num_queries(1):
        assert renew(upload.pk, "first", 4, STATE) is Hold.OURS
    row = read(upload)
    assert (row.offset, bytes(row.digest_state), row.digest_offset) == (4, STATE.state, 4)
    assert row.holder_expires_at >= taken.holder_expires_at
    assert not row.has_expired
    assert take(upload.pk, "second") is None


def test_a_renewal_says_when_another_waits(
    upload: ResumableUpload, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    take_surely(upload, "first")
    with django_assert_num_queries(1):
        ask_for(upload.pk)
    with django_assert_num_queries(2):
        assert renew(upload.pk, "first", 4, None) is Hold.WANTED
    assert read(upload).offset == 4


def test_a_renewal_says_when_another_has_it(upload: ResumableUpload) -> None:
    take_surely(upload, "first")
    end_lease(upload)
    take_surely(upload, "second")
    assert renew(upload.pk, "first", 9, STATE) is Hold.LOST
    row = read(upload)
    assert (row.offset, row.digest_state, row.holder) == (0, None, "second")


def test_a_renewal_says_when_it_is_gone(upload: ResumableUpload) -> None:
    take_surely(upload, "first")
    ResumableUpload.objects.all().delete()
    assert renew(upload.pk, "first", 9, None) is Hold.LOST


def test_the_next_holder_is_not_wanted_before_another_asks(upload: ResumableUpload) -> None:
    take_surely(upload, "first")
    ask_for(upload.pk)
    let_go(upload.pk, "first", 0, None)
    take_surely(upload, "second")
    assert renew(upload.pk, "second", 0, None) is Hold.OURS


def test_a_lease_that_is_over_is_ours_again_where_nobody_took_it(upload: ResumableUpload) -> None:
    take_surely(upload, "first")
    end_lease(upload)
    assert renew(upload.pk, "first", 0, None) is Hold.OURS


def test_letting_go_notes_how_far_it_is_and_that_it_is_good(
    upload: ResumableUpload, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    take_surely(upload, "first")
    start_provisional(upload.pk, "first", 0)
    expire(upload)
    with django_assert_num_queries(1):
        assert let_go(upload.pk, "first", 4, STATE)
    row = read(upload)
    assert (row.offset, row.digest_offset, row.provisional_from, row.holder) == (4, 4, None, "")
    assert row.holder_expires_at is None
    assert not row.has_expired


def test_whoever_lost_it_changes_nothing_when_it_lets_go(upload: ResumableUpload) -> None:
    take_surely(upload, "first")
    end_lease(upload)
    take_surely(upload, "second")
    before = read(upload)
    assert not let_go(upload.pk, "first", 9, STATE)
    assert not give_up(upload.pk, "first")
    assert not start_provisional(upload.pk, "first", 9)
    assert not set_length(upload.pk, "first", 10)
    after = read(upload)
    for field in ResumableUpload._meta.concrete_fields:
        assert getattr(after, field.attname) == getattr(before, field.attname)


def test_giving_up_leaves_what_was_noted_and_when_it_expires(upload: ResumableUpload) -> None:
    take_surely(upload, "first")
    start_provisional(upload.pk, "first", 3)
    before = read(upload)
    assert give_up(upload.pk, "first")
    after = read(upload)
    assert (after.holder, after.holder_expires_at) == ("", None)
    assert (after.provisional_from, after.expires_at) == (3, before.expires_at)


def test_whoever_holds_a_complete_one_changes_nothing_of_it() -> None:
    upload = make_resumable(job=make_job(), offset=10, expires_at=None)
    take_surely(upload, "first")
    assert renew(upload.pk, "first", 9, STATE) is Hold.LOST
    assert not let_go(upload.pk, "first", 9, STATE)
    assert give_up(upload.pk, "first")
    row = read(upload)
    assert (row.offset, row.digest_state, row.expires_at, row.holder) == (10, None, None, "")


def test_a_length_is_set_once() -> None:
    upload = make_resumable(length=None)
    take_surely(upload, "first")
    renew(upload.pk, "first", 4, None)
    with pytest.raises(InvalidUploadLength):
        set_length(upload.pk, "first", 3)
    assert set_length(upload.pk, "first", 10)
    assert set_length(upload.pk, "first", 10)
    with pytest.raises(InvalidUploadLength):
        set_length(upload.pk, "first", 11)
    assert read(upload).length == 10
