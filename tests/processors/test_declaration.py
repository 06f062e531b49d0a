from __future__ import annotations

import functools
import math

import pytest

from processing.processors import Processor


def take_data(job, data):
    return data


def take_file(job, source, sink):
    return None


def declare(**options):
    return Processor(**{"name": "sample", "function": take_data, "accepts": "json", **options})


@pytest.mark.parametrize("name", ["a", "word_count", "csv-profile.v2", "x" * 100])
def test_a_name_of_plain_characters_is_taken(name):
    assert declare(name=name).name == name


@pytest.mark.parametrize("name", ["", "x" * 101, "Word", "a b", "a/b", "é", "a\n", None, 7])
def test_a_name_of_other_characters_is_refused(name):
    with pytest.raises(ValueError, match="use 1 to 100 characters of a-z, 0-9"):
        declare(name=name)


@pytest.mark.parametrize("accepts", ["text", "", None])
def test_a_processor_accepts_json_or_a_file_and_nothing_else(accepts):
    with pytest.raises(ValueError, match="use 'json' or 'file'"):
        declare(accepts=accepts)


@pytest.mark.parametrize("option", ["memory_limit_mb", "timeout_seconds"])
@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan, True, "64"])
def test_a_limit_that_is_no_number_above_zero_is_refused(option, value):
    with pytest.raises(ValueError, match=f"'sample': {option} is .* use a number above 0"):
        declare(**{option: value})


@pytest.mark.parametrize("option", ["memory_limit_mb", "timeout_seconds"])
def test_a_limit_may_be_a_fraction(option):
    assert getattr(declare(**{option: 0.5}), option) == 0.5


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "3"])
def test_attempts_that_are_no_whole_number_from_one_are_refused(value):
    with pytest.raises(ValueError, match="max_attempts is .* use a whole number from 1"):
        declare(max_attempts=value)


@pytest.mark.parametrize("value", ["urgent", "", "LOW", None, 1])
def test_a_priority_that_there_is_not_is_refused(value):
    with pytest.raises(ValueError, match="priority is .* use low, normal, high"):
        declare(priority=value)


@pytest.mark.parametrize("value", ["", "text", "text/", "text/plain\r\nX: y", None])
def test_a_media_type_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match="use one like 'text/plain'"):
        declare(media_type=value)


def test_a_json_processor_that_takes_a_file_is_refused():
    with pytest.raises(ValueError, match=r"cannot be called with \(job, data\)"):
        declare(function=take_file)


def test_a_file_processor_that_takes_data_is_refused():
    with pytest.raises(ValueError, match=r"cannot be called with \(job, source, sink\)"):
        declare(function=take_data, accepts="file")


def test_a_function_with_required_keywords_is_refused():
    def function(job, data, *, depth):
        return depth

    with pytest.raises(ValueError, match=r"function\(job, data, \*, depth\) cannot be called"):
        declare(function=function)


def test_a_function_may_take_any_arguments():
    def function(*arguments):
        return None

    assert declare(function=function).function is function


def test_an_async_function_is_refused():
    async def function(job, data):
        return data

    with pytest.raises(ValueError, match="use a plain function that returns its result"):
        declare(function=function)


def test_a_generator_is_refused():
    def function(job, data):
        yield data

    with pytest.raises(ValueError, match="use a plain function that returns its result"):
        declare(function=function)


@pytest.mark.parametrize("function", [None, len, functools.partial(take_data, 1)])
def test_what_is_no_function_is_refused(function):
    with pytest.raises(ValueError, match="is not a function"):
        declare(function=function)


def test_the_location_tells_where_a_function_is_defined():
    assert declare().location == f"{__name__}.take_data"
