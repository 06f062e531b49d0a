from __future__ import annotations

import io
import json
import random
import statistics
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.processors.csv_profile import csv_profile
from tests.processors.fake_job import FakeJob
from tests.processors.tables import expect_column, profile, write_csv

CELLS = (
    st.integers().map(str)
    | st.floats(-1e300, 1e300).map(repr)
    | st.sampled_from(
        ["", " ", "1e5", " 7 ", "-0", "1_0", "nan", "inf", "1e400", "٣", 'a"b', "x\ny"]
    )
    | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=120)
)
NUMERIC_CELLS = st.integers().map(str) | st.floats(-1e300, 1e300).map(repr) | st.just("")


def test_a_table_is_profiled_by_column():
    result = profile("id,price,city,note\n1,2.5,Oslo,\n2,,Rome, \n3,4,Oslo,\n")

    assert (result["rows"], result["ragged_rows"]) == (3, 0)
    assert result["columns"] == [
        {
            "name": "id", "type": "integer", "nulls": 0, "min": 1, "max": 3, "mean": 2.0,
            "distinct": 3, "distinct_exact": True,
        },
        {
            "name": "price", "type": "number", "nulls": 1, "min": 2.5, "max": 4.0, "mean": 3.25,
            "distinct": 2, "distinct_exact": True,
        },
        {
            "name": "city", "type": "text", "nulls": 0, "min": "Oslo", "max": "Rome",
            "mean": None, "distinct": 2, "distinct_exact": True,
        },
        {
            "name": "note", "type": "empty", "nulls": 3, "min": None, "max": None, "mean": None,
            "distinct": 0, "distinct_exact": True,
        },
    ]  # fmt: skip


def test_a_header_alone_is_a_table_without_rows():
    result = profile("a;b")

    assert (result["rows"], [column["type"] for column in result["columns"]]) == (0, ["empty"] * 2)


def test_ragged_rows_are_counted_filled_and_cut():
    result = profile("a,b\n1,2\n3\n4,5,6\n")

    assert (result["rows"], result["ragged_rows"]) == (3, 2)
    assert [column["nulls"] for column in result["columns"]] == [0, 1]
    assert [column["max"] for column in result["columns"]] == [4, 5]


def test_one_late_text_makes_the_whole_column_text():
    result = profile("a\n" + "".join(f"{number}\n" for number in range(10, 30_000)) + "n/a\n")
    column = result["columns"][0]

    assert (column["type"], column["min"], column["max"]) == ("text", "10", "n/a")
    assert column["mean"] is None


def test_one_late_decimal_makes_the_whole_column_numbers():
    rows = "".join(f"{number}\n" for number in range(30_000))
    column = profile("a\n" + rows + "0.5\n")["columns"][0]

    assert (column["type"], repr(column["min"]), repr(column["max"])) == (
        "number",
        "0.0",
        "29999.0",
    )


def test_integers_after_a_decimal_leave_the_column_numbers():
    column = profile("a\n0.5\n" + "".join(f"{number}\n" for number in range(30_000)))["columns"][0]

    assert (column["type"], column["max"]) == ("number", 29_999.0)


def test_ragged_rows_are_counted_in_every_batch():
    result = profile("a,b\n" + "1\n1,2\n" * 10_000)

    assert (result["rows"], result["ragged_rows"]) == (20_000, 10_000)


def test_long_names_and_texts_are_cut():
    column = profile("n" * 5_000 + "\n" + "t" * 5_000 + "\n")["columns"][0]

    assert (column["name"], column["min"], column["max"]) == ("n" * 100, "t" * 100, "t" * 100)


def test_many_columns_share_the_room_for_exact_counts():
    header = ",".join(f"c{number}" for number in range(1_000))
    rows = "".join(",".join([str(row)] * 1_000) + "\n" for row in range(100))
    columns = profile(header + "\n" + rows)["columns"]

    assert {column["distinct_exact"] for column in columns} == {False}
    assert all(column["distinct"] == pytest.approx(100, abs=5) for column in columns)


@given(
    st.lists(st.tuples(NUMERIC_CELLS, CELLS, CELLS).map(list), max_size=30),
    st.sampled_from(",;\t|"),
)
def test_the_profile_is_that_of_the_csv_and_statistics_modules(rows, delimiter):
    names = ["a", "b", "c"]
    result = profile(write_csv([names, *rows], delimiter=delimiter))

    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert (result["rows"], result["ragged_rows"]) == (len(rows), 0)
    for index, (name, column) in enumerate(zip(names, result["columns"], strict=True)):
        assert column == expect_column(name, [row[index] for row in rows])


@given(st.binary(max_size=400))
def test_any_bytes_after_a_header_are_profiled(content):
    json.dumps(profile(b"name\n" + content), allow_nan=False)


def test_200_000_rows_agree_with_statistics_and_take_seconds():
    source = random.Random(11)
    numbers = [source.uniform(-1e6, 1e6) for _ in range(200_000)]
    cities = ["Oslo", "Rome", "Lima"]
    content = write_csv(
        [["id", "x", "city", "day", "note", "flag"]]
        + [
            [row, x, cities[row % 3], f"2024-01-{row % 28 + 1:02}", f"note {x}", row % 2 or ""]
            for row, x in enumerate(numbers)
        ]
    )
    job = FakeJob(source_bytes=len(content))

    start = time.process_time()
    columns = csv_profile(job, io.BytesIO(content), io.BytesIO())["columns"]
    used_seconds = time.process_time() - start

    # Takes 1.2 s here; the bound only catches what is slower by an order.
    assert used_seconds < 15
    assert columns[0]["mean"] == 99_999.5
    assert columns[1]["mean"] == pytest.approx(statistics.fmean(numbers), rel=1e-9)
    assert columns[1]["distinct"] == pytest.approx(len(set(numbers)), rel=0.05)
    assert [column["distinct"] for column in columns[2:4]] == [3, 28]
    assert columns[5]["nulls"] == 100_000
    assert job.fractions == sorted(job.fractions)
    assert len(job.fractions) <= len(content) // 2**20 + 1
