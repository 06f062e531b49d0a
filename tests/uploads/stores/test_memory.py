"""A large file goes through every store without staying in memory."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.service import ROOT
from tests.uploads.stores.conftest import Place

pytestmark = pytest.mark.django_db(transaction=True)

MIB = 1024 * 1024
LARGE_MIB = 200
MAX_ADDED_BYTES = 8 * MIB
WAIT_SECONDS = 300


def test_two_hundred_megabytes_add_next_to_nothing_to_the_process(place: Place) -> None:
    command = [sys.executable, "-m", "tests.uploads.stores.appending", "through", str(LARGE_MIB)]
    env = place.make_environment() | {"DJANGO_SETTINGS_MODULE": "project.settings"}
    done = subprocess.run(
        command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, timeout=WAIT_SECONDS
    )

    answer = json.loads(done.stdout)
    assert answer["is_right"]
    assert answer["added_bytes"] < MAX_ADDED_BYTES, answer
    assert place.names() == []
