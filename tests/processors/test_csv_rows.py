from __future__ import annotations

import csv
import io

import pytest

from processing.processors.csv_rows import (
    BATCH_CHARS,
    BATCH_ROWS,
    MAX_COLUMNS,
    MAX_ROW_CHARS,
    CSVRows,
    find_delimiter,
)
from processing.processors.source_reader import SourceReader
from tests.processors.fake_job import FakeJob


def open_rows(content: str | bytes) -> CSVRows:
    data = content.encode() if isinstance(content, str) else content
    return CSVRows(SourceReader(FakeJob(), io.BytesIO(data)))


def read_all(content: str | bytes) -> list[list[str]]:
    rows = open_rows(content)
    return [rows.read_header(), *(row for batch in rows.read_batches() for row in batch)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_delimiter_and_line_end_is_understood(delimiter, line_end):
    lines = [["a", "b", "c"], ["1", "2", "3"]]
    text = line_end.join(delimiter.join(line) for line in lines)

    assert read_all(text) == read_all(text + line_end) == lines


def test_the_delimiter_is_not_looked_for_inside_quotes():
    assert find_delimiter('"a,b,c";"d;,""e,",f;g') == ";"
    assert find_delimiter('a|"b,c,d\n') == "|"


def test_a_line_without_delimiters_is_one_column():
    assert find_delimiter("alone") == ","


def test_the_byte_order_mark_is_no_part_of_the_first_name():
    assert read_all("\ufeffä,b\n1,2\n") == [["ä", "b"], ["1", "2"]]


def test_bytes_that_are_not_utf8_become_replacement_characters():
    assert read_all(b"a,b\n\xff,\xc3\n") == [["a", "b"], ["\ufffd", "\ufffd"]]


def test_quoted_fields_hold_delimiters_quotes_and_line_breaks():
    assert read_all('a,b\n"x,\r\n""y""\n",2\n') == [["a", "b"], ['x,\r\n"y"\n', "2"]]


def test_empty_lines_are_no_rows():
    assert read_all("\n\r\na;b\n\n1;2\n\n") == [["a", "b"], ["1", "2"]]


def test_a_character_across_two_reads_stays_whole():
    text = "a\n" + "é" * 100_000 + "\n"

    assert read_all(text.encode()) == [["a"], ["é" * 100_000]]


@pytest.mark.parametrize("content", ["", "\n\n\r\n", "\ufeff"])
def test_a_file_without_rows_is_refused(content):
    with pytest.raises(ValueError, match="the first one has to name the columns"):
        open_rows(content).read_header()


def test_a_header_of_too_many_columns_is_refused():
    assert len(open_rows("a" + ",a" * (MAX_COLUMNS - 1)).read_header()) == MAX_COLUMNS
    with pytest.raises(ValueError, match="names 1,001 columns; send at most 1,000"):
        open_rows("a" + ",a" * MAX_COLUMNS).read_header()


def test_a_row_of_the_longest_length_is_read():
    cells = ["x" * 131_071] * 8
    row = ",".join(cells)[: MAX_ROW_CHARS - 1] + "\n"

    assert len(row) == MAX_ROW_CHARS
    assert len(read_all("a\n" + row + "last\n")) == 3


@pytest.mark.parametrize(
    "row", ["x," * (MAX_ROW_CHARS // 2) + "x", '"' + "x\n" * MAX_ROW_CHARS], ids=["line", "quoted"]
)
def test_a_row_that_is_too_long_is_refused_with_its_number(row):
    limit = csv.field_size_limit()
    csv.field_size_limit(10 * MAX_ROW_CHARS)  # as some other library may have set it
    try:
        with pytest.raises(ValueError, match=r"^row 3 .* longer than 1,048,576 .*not closed"):
            read_all("a,b\n1,2\n" + row)
    finally:
        csv.field_size_limit(limit)


def test_a_field_that_is_too_long_is_refused_with_its_row():
    with pytest.raises(ValueError, match=r"^row 2 .* field limit \(131072\)") as caught:
        read_all("a\n" + "x" * 131_073 + "\n")
    assert isinstance(caught.value.__cause__, csv.Error)


def test_the_limit_of_the_process_is_left_as_it_was():
    before = csv.field_size_limit()
    read_all("a\n" + "x" * 131_072)

    assert csv.field_size_limit() == before


def test_batches_are_bounded_in_rows_and_characters():
    rows = open_rows("a\n" + "1\n" * 5_000 + ("x" * 99 + "\n") * 5_000)
    rows.read_header()
    batches = list(rows.read_batches())

    assert sum(map(len, batches)) == 10_000
    assert max(map(len, batches)) == BATCH_ROWS
    assert max(sum(len(row[0]) + 1 for row in batch) for batch in batches) < BATCH_CHARS + 100
