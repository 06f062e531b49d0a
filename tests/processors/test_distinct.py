from __future__ import annotations

import pytest

from processing.processors.distinct import DistinctCounter


def count_texts(count: int, *, exact_limit: int = 1_000) -> DistinctCounter:
    counter = DistinctCounter(exact_limit=exact_limit)
    texts = [f"text {number}" for number in range(count)]
    for start in range(0, count, 700):
        counter.add(texts[start : start + 700])
        counter.add(texts[start : start + 700])
    return counter


@pytest.mark.parametrize("count", [0, 1, 999, 1_000])
def test_few_texts_are_counted_exactly(count):
    counter = count_texts(count)

    assert (counter.count, counter.is_exact) == (count, True)


@pytest.mark.parametrize("count", [1_001, 5_000, 12_000, 100_000])
def test_many_texts_are_estimated_within_three_standard_errors(count):
    counter = count_texts(count)

    assert not counter.is_exact
    assert counter.count == pytest.approx(count, rel=3 * 0.01625)


def test_the_same_texts_give_the_same_estimate_in_any_order():
    forwards, backwards = DistinctCounter(exact_limit=10), DistinctCounter(exact_limit=10)
    texts = [str(number) for number in range(5_000)]
    forwards.add(texts)
    for text in reversed(texts):
        backwards.add([text])

    assert forwards.count == backwards.count
