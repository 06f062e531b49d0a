from __future__ import annotations

import os

from processing.uploads.promises import ROW_COUNT, Promises


def test_what_is_promised_and_kept_is_over() -> None:
    promises = Promises()
    promises.add(owed_bytes=1000, whole_bytes=1000)
    promises.add(owed_bytes=-400, whole_bytes=50)
    assert (promises.owed_bytes, promises.whole_bytes) == (600, 1050)
    promises.add(owed_bytes=-600, whole_bytes=-1050)
    assert (promises.owed_bytes, promises.whole_bytes) == (0, 0)


def promise_in_child(promises: Promises, row: int, count_bytes: int) -> None:
    """Have a process promise so much and die without a word."""
    pid = os.fork()
    if not pid:
        promises.use_row(row)
        promises.add(owed_bytes=count_bytes, whole_bytes=2 * count_bytes)
        os._exit(1)
    os.waitpid(pid, 0)


def test_processes_count_together_and_a_dead_one_is_forgotten() -> None:
    promises = Promises()
    promise_in_child(promises, 1, 10**12)
    promise_in_child(promises, 2, 5)
    assert (promises.owed_bytes, promises.whole_bytes) == (10**12 + 5, 2 * 10**12 + 10)
    promises.clear_row(1)
    assert promises.owed_bytes == 5


def test_a_row_is_free_that_no_living_process_has() -> None:
    promises = Promises()
    assert promises.find_free_row([]) == 0
    assert promises.find_free_row([0, 1, 3]) == 2
    assert promises.find_free_row(range(ROW_COUNT - 1)) == ROW_COUNT - 1


def test_what_the_last_process_of_a_row_left_is_not_taken_over() -> None:
    promises = Promises()
    promise_in_child(promises, 0, 7)
    assert promises.find_free_row([]) == 0
    assert promises.owed_bytes == 0
