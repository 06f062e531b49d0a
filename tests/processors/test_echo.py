from __future__ import annotations

import pytest

from processing.processors.echo import echo
from tests.processors.fake_job import FakeJob


@pytest.mark.parametrize("data", [None, True, 1.5, "é", [1, [2]], {"a": {"b": []}}])
def test_the_data_comes_back(data):
    assert echo(FakeJob(), data) == data
