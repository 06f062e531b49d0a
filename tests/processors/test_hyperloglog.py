from __future__ import annotations

import math
import random
import statistics

import pytest

from processing.processors.hyperloglog import HyperLogLog


def estimate(hashes) -> int:
    sketch = HyperLogLog()
    sketch.add(hashes)
    return sketch.estimate_count()


def test_an_empty_sketch_counts_nothing():
    assert estimate([]) == 0


def test_a_hash_seen_again_changes_nothing():
    assert estimate([12345] * 1_000) == 1


@pytest.mark.parametrize("edge", [0, 2**64 - 1, 2**52 - 1, 2**52])
def test_the_outermost_hashes_are_taken(edge):
    assert estimate([edge]) == 1


@pytest.mark.parametrize("count", [100, 3_000, 10_240, 60_000])
def test_the_error_over_many_sketches_is_the_documented_one(count):
    source = random.Random(count)
    errors = [estimate(source.getrandbits(64) for _ in range(count)) / count - 1 for _ in range(30)]
    standard_error = 1.04 / math.sqrt(4096)

    assert math.sqrt(statistics.fmean(error**2 for error in errors)) < 1.4 * standard_error
    assert abs(statistics.fmean(errors)) < 4 * standard_error / math.sqrt(len(errors))
