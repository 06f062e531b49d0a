from __future__ import annotations

import pytest

from processing.errors import UnknownProcessor
from processing.processors import get_processor, known_processors, processor

pytestmark = pytest.mark.usefixtures("empty_registry")


def double(job, data):
    return data * 2


def test_the_decorator_returns_the_function_unchanged():
    assert processor("double")(double) is double


def test_a_processor_is_found_by_name_with_all_that_it_declared():
    options = {
        "accepts": "file",
        "memory_limit_mb": 64,
        "timeout_seconds": 120,
        "max_attempts": 3,
        "priority": "low",
        "media_type": "text/plain; charset=utf-8",
    }

    @processor("word_count", **options)
    def word_count(job, source, sink):
        return None

    found = get_processor("word_count")

    assert found.function is word_count
    assert {option: getattr(found, option) for option in options} == options


def test_options_left_out_are_the_defaults_of_the_service():
    processor("double")(double)
    found = get_processor("double")

    assert found.accepts == "json"
    assert (found.memory_limit_mb, found.timeout_seconds, found.max_attempts) == (None, None, None)


def test_an_unknown_name_lists_the_known_ones_sorted():
    processor("b")(double)
    processor("a")(double)

    with pytest.raises(UnknownProcessor) as caught:
        get_processor("c")

    assert caught.value.detail == "There is no processor 'c'. Known: a, b."


def test_known_processors_are_sorted_by_name():
    processor("b")(double)
    processor("a")(double)

    assert [known.name for known in known_processors()] == ["a", "b"]


def test_a_name_that_is_taken_is_refused_with_both_functions_named():
    @processor("same")
    def first(job, data):
        return 1

    def second(job, data):
        return 2

    with pytest.raises(ValueError, match=r"taken by .*first; give .*second another name"):
        processor("same")(second)
    assert get_processor("same").function is first


def test_a_module_that_is_reloaded_registers_its_functions_anew():
    def define():
        @processor("same")
        def function(job, data):
            return data

        return function

    define()
    again = define()

    assert get_processor("same").function is again


def test_a_registered_processor_cannot_be_changed():
    processor("double")(double)

    with pytest.raises(AttributeError):
        get_processor("double").max_attempts = 9
