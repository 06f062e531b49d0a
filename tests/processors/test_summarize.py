from __future__ import annotations

import json
import math
import statistics

import pytest
from hypothesis import given

from processing.processors.summarize import MAX_FIELDS, summarize
from tests.processors.fake_job import FakeJob
from tests.processors.json_values import OBJECTS, VALUES, nest


def summarize_field(*values: object) -> dict[str, object]:
    return summarize(FakeJob(), [{"x": value} for value in values])["fields"]["x"]


def test_a_list_of_objects_is_summarized_by_field():
    data = [{"age": 30, "city": "Oslo"}, {"age": 40, "city": None}, {"age": 50.5}, {}]

    assert summarize(FakeJob(), data) == {
        "type": "list",
        "count": 4,
        "fields": {
            "age": {
                "count": 3,
                "nulls": 1,
                "distinct": 3,
                "min": 30,
                "max": 50.5,
                "mean": pytest.approx(40.1666666666),
            },
            "city": {
                "count": 1,
                "nulls": 3,
                "distinct": 1,
                "min": "Oslo",
                "max": "Oslo",
                "mean": None,
            },
        },
        "more_fields": False,
    }


def test_an_empty_list_is_a_list_of_no_objects():
    assert summarize(FakeJob(), []) == {
        "type": "list",
        "count": 0,
        "fields": {},
        "more_fields": False,
    }


def test_a_field_that_is_always_null_is_listed():
    assert summarize_field(None, None) == {
        "count": 0,
        "nulls": 2,
        "distinct": 0,
        "min": None,
        "max": None,
        "mean": None,
    }


def test_one_and_one_point_zero_are_one_value_but_true_is_another():
    assert summarize_field(1, 1.0, True)["distinct"] == 2


def test_booleans_are_not_numbers():
    field = summarize_field(True, False)

    assert (field["min"], field["max"], field["mean"]) == (None, None, None)


def test_the_range_of_mixed_values_is_that_of_the_numbers():
    field = summarize_field("a", 3, [9], 2.5)

    assert (field["min"], field["max"], field["mean"]) == (2.5, 3, 2.75)


def test_the_range_of_strings_is_by_code_point_and_cut():
    field = summarize_field("b" * 5_000, "é", "Z")

    assert (field["min"], field["max"]) == ("Z", "é")
    assert summarize_field("b" * 5_000)["min"] == "b" * 100


def test_a_mean_is_exactly_rounded():
    values = [0.1] * 10 + [1e16, 1.0, -1e16]

    assert summarize_field(*values)["mean"] == statistics.fmean(values)


def test_a_mean_of_the_largest_numbers_does_not_overflow():
    assert summarize_field(1.7e308, 1.7e308, 1.7e308)["mean"] == pytest.approx(1.7e308)


def test_a_mean_that_no_float_can_hold_is_none():
    field = summarize_field(10**400, 1)

    assert (field["min"], field["max"], field["mean"]) == (1, 10**400, None)


def test_only_so_many_fields_are_summarized():
    data = [{str(number): number} for number in range(MAX_FIELDS + 1)]
    summary = summarize(FakeJob(), data)

    assert list(summary["fields"]) == [str(number) for number in range(MAX_FIELDS)]
    assert summary["more_fields"] is True


def test_progress_goes_by_field():
    job = FakeJob()
    summarize(job, [{"a": 1, "b": 2}, {"c": 3, "d": 4}])

    assert job.fractions == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(
    ("data", "outline"),
    [
        (None, {"type": "null", "size": 1, "depth": 0}),
        (False, {"type": "boolean", "size": 1, "depth": 0}),
        (7.5, {"type": "number", "size": 1, "depth": 0}),
        ("héé", {"type": "string", "size": 3, "depth": 0}),
        ([1, {"a": []}], {"type": "list", "size": 2, "depth": 3}),
        ({"a": {}, "b": 1, "c": 2}, {"type": "object", "size": 3, "depth": 2}),
    ],
)
def test_any_other_value_gives_its_outline(data, outline):
    assert summarize(FakeJob(), data) == outline


def test_deep_nesting_meets_no_recursion_limit():
    deep = nest(100_000)

    assert summarize(FakeJob(), deep)["depth"] == 100_000
    assert summarize_field(deep, nest(100_000), nest(99_999))["distinct"] == 2


@given(VALUES | OBJECTS)
def test_any_value_gives_a_summary_that_is_json(data):
    json.dumps(summarize(FakeJob(), data), allow_nan=False)


@given(OBJECTS)
def test_counts_add_up_to_the_objects(data):
    for name, field in summarize(FakeJob(), data)["fields"].items():
        values = [item[name] for item in data if item.get(name) is not None]
        assert field["count"] == len(values)
        assert field["count"] + field["nulls"] == len(data)
        assert field["distinct"] <= field["count"]


@given(OBJECTS)
def test_a_mean_lies_in_the_range(data):
    for field in summarize(FakeJob(), data)["fields"].values():
        if field["mean"] is not None:
            nearest = min(max(field["mean"], field["min"]), field["max"])
            assert math.isfinite(field["mean"])
            assert field["mean"] == pytest.approx(nearest, rel=1e-15)
