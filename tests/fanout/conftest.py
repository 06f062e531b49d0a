from __future__ import annotations

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def fanout_settings(settings: Settings) -> Settings:
    """Any host and this machine may be reached, as under `make run`."""
    settings.EXTERNAL_ALLOWED_HOSTS = ["*"]
    settings.EXTERNAL_ALLOW_PRIVATE = True
    settings.EXTERNAL_URLS = []
    settings.FANOUT_MAX_RESPONSE_BYTES = 65_536
    settings.FANOUT_DEADLINE_SECONDS = 10.0
    return settings
