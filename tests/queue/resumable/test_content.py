"""Where an upload goes on, by what the store keeps of it."""

from __future__ import annotations

import pytest

from processing.models import ResumableUpload
from processing.queue.resumable import content
from processing.uploads import digest as digest_module
from processing.uploads.digest import ResumableDigest
from processing.uploads.store import get_store
from tests.queue.resumable.uploading import DATA, append, begin_upload, resume, sha256

pytestmark = pytest.mark.django_db


@pytest.fixture
def upload() -> ResumableUpload:
    """With its first 6 bytes in the store, and a row that knows nothing of them."""
    upload = begin_upload()
    append(upload, DATA[:6])
    return upload


def note(upload: ResumableUpload, data: bytes) -> None:
    """Have the row keep the digest of `data`."""
    digest = ResumableDigest()
    digest.update(data, 0)
    kept = digest.export()
    assert kept is not None
    upload.digest_state, upload.digest_offset = kept


def test_it_goes_on_where_the_store_says(upload: ResumableUpload) -> None:
    assert content.measure(upload) == 6
    resumed = resume(upload)
    assert resumed.offset == 6
    assert resumed.digest.hexdigest() == sha256(DATA[:6])


@pytest.mark.parametrize("noted_bytes", [0, 3, 6])
def test_the_digest_catches_up_with_what_a_crash_left(
    upload: ResumableUpload, noted_bytes: int
) -> None:
    note(upload, DATA[:noted_bytes])
    assert resume(upload).digest.hexdigest() == sha256(DATA[:6])


def test_only_what_is_new_is_read_for_it(upload: ResumableUpload) -> None:
    note(upload, b"xyz")  # of other bytes, so that it shows
    assert resume(upload).digest.hexdigest() == sha256(b"xyz" + DATA[3:6])


def test_a_digest_of_more_than_is_kept_is_not_used(upload: ResumableUpload) -> None:
    note(upload, DATA)
    assert resume(upload).digest.hexdigest() == sha256(DATA[:6])


def test_what_is_not_known_to_be_good_is_gone_back_over(upload: ResumableUpload) -> None:
    upload.provisional_from = 4
    assert content.measure(upload) == 4
    assert get_store().measure(upload.stored_name) == 6  # a look changes nothing
    resumed = resume(upload)
    assert resumed.offset == get_store().measure(upload.stored_name) == 4
    assert resumed.digest.hexdigest() == sha256(DATA[:4])


def test_a_provisional_request_that_wrote_nothing_takes_nothing_back(
    upload: ResumableUpload,
) -> None:
    upload.provisional_from = 6
    assert resume(upload).offset == 6


def test_a_finished_file_is_measured_too(upload: ResumableUpload) -> None:
    get_store().finish(upload.stored_name, 6)
    assert content.measure(upload) == 6


def test_a_file_that_is_not_there_is_told(upload: ResumableUpload) -> None:
    get_store().delete(upload.stored_name)
    with pytest.raises(FileNotFoundError):
        resume(upload)


def test_much_that_was_not_hashed_is_left_for_the_end(
    upload: ResumableUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "CATCH_UP_STEP_BYTES", 2)
    digest = resume(upload).digest
    assert digest.offset == 0
    digest.update(DATA[6:], 6)  # what comes now does not follow
    append(upload, DATA[6:])
    steps = 1
    while not content.catch_up(upload, digest, 10):
        steps += 1
    assert steps == 5
    assert digest.hexdigest() == sha256(DATA)


def test_where_there_are_no_states_nothing_is_read_before_the_end(
    upload: ResumableUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest_module, "_find_libcrypto", lambda: None)
    digest = resume(upload).digest
    assert digest.offset == 0
    assert content.catch_up(upload, digest, 6)
    assert digest.hexdigest() == sha256(DATA[:6])


def test_a_store_that_shows_no_unfinished_file_is_read_at_the_end(
    upload: ResumableUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_nothing(name: str) -> None:
        raise FileNotFoundError(name)

    monkeypatch.setattr(content, "open_stored", open_nothing)
    assert resume(upload).digest.offset == 0


def test_fewer_bytes_than_there_should_be_are_an_error(upload: ResumableUpload) -> None:
    with pytest.raises(OSError, match="ends at 6, before 10"):
        content.catch_up(upload, ResumableDigest(), 10)
