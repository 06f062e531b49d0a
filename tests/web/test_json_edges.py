"""JSON that breaks careless services: refused with 400 and a reason, or kept; never a 500."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.errors import InvalidJSON
from processing.web.json_text import MAX_CONTAINERS, MAX_DEPTH, check_json
from tests.web.problem import check_problem

REFUSED = {
    "empty": b"",
    "blank": b"  \n",
    "NaN": b"NaN",
    "Infinity": b"[Infinity]",
    "minus Infinity": b'{"a": -Infinity}',
    "1e400": b"1e400",
    "minus 1e400": b"[-1e400]",
    "an exponent of 5,000 digits": b"1e" + b"9" * 5000,
    "5,000 digits": b"9" * 5000,
    "NUL escaped": b'"\\u0000"',
    "NUL behind an escaped backslash": b'"\\\\\\u0000"',
    "NUL in a key": b'{"a\\u0000": 1}',
    "NUL itself": b'"\x00"',
    "a lone high surrogate": b'"\\ud800"',
    "a lone low surrogate": b'["x\\uDC00y"]',
    "a pair in the wrong order": b'"\\ude00\\ud83d"',
    "a lone surrogate in a key": b'{"\\ud83d": 1}',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "latin-1": b'"\xe9"',
    "UTF-16": '"a"'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf1",
    "100,000 opened brackets": b"[" * 100_000,
    "100,000 brackets": b"[" * 100_000 + b"]" * 100_000,
    "100,000 braces": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "one level too deep": b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    "too many lists": b"[" + b"[]," * MAX_CONTAINERS + b"1]",
    "too many objects": b"[" + b'{"a":[]},' * (MAX_CONTAINERS // 2) + b"1]",
    "two values": b"1 2",
    "a comma too many": b"[1,]",
    "single quotes": b"'a'",
    "a comment": b"1 // one",
    "a control character": b'"\n"',
    "a leading zero": b"01",
    "a plus": b"+1",
    "an escape that is none": b'"\\x41"',
    "half an escape": b'"\\u12"',
    "an open string": b'"abc',
}
TAKEN = {
    "a deep one": b"[" * MAX_DEPTH + b"]" * MAX_DEPTH,
    "100,000 brackets in a string": b'"' + b"[" * 100_000 + b'"',
    "300 lists side by side": b"[" + b",".join([b"[]"] * 300) + b"]",
    "brackets behind an escaped quote": b'["\\"' + b"[" * 300 + b'"]',
    "10,000 objects": json.dumps([{"id": n, "tags": ["a[", "b"]} for n in range(10_000)]).encode(),
    "as many lists as may be": b"[" + b"[]," * (MAX_CONTAINERS - 1) + b"1]",
    "more brackets in a string": b'["' + b"[]" * (MAX_CONTAINERS + 1) + b'"]',
    "4,300 digits": b"9" * 4300,
    "a tiny number": b"1e-400",
    "a backslash and u0000": b'"\\\\u0000"',
    "a pair of surrogates": b'"\\ud83d\\ude00"',
    "a key twice": b'{"a": 1, "a": 2}',
    "DEL and line separator": '"\x7f\u2028"'.encode(),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_sound_json_is_refused(client: httpx.Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = client.post("/process_data", content=body, headers=headers)
    check_problem(response, 400, "invalid_json")


@pytest.mark.parametrize("body", TAKEN.values(), ids=TAKEN.keys())
def test_what_only_looks_odd_is_taken(client: httpx.Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert client.post("/process_data", content=body, headers=headers).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        b"[" * (MAX_DEPTH + 1) + b'"' + b'\\"' * 500_000,
        b"[" * (MAX_DEPTH + 1) + b'"a' * 300_000,
        b"[" * (MAX_DEPTH + 1) + b"\\" * 1_000_000,
        b'"' + b"\\" * 1_000_000 + b'u0000"',
        b'["' + b"\\\\u0000" * 140_000 + b'"]',
        b"[" + b"[]," * 349_000 + b"1]",
    ],
    ids=["open string", "many quotes", "backslashes", "NUL", "escaped NULs", "many lists"],
)
def test_no_megabyte_keeps_the_service_from_its_other_clients(body: bytes) -> None:
    started_at = time.process_time()
    with suppress(InvalidJSON):
        check_json(body)
    assert time.process_time() - started_at < 2


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text('[]{}\\"a'), inner),
    max_leaves=20,
)


@given(VALUES)
def test_what_json_writes_is_taken(value: object) -> None:
    check_json(json.dumps(value).encode())


@given(st.binary(max_size=200) | st.text('[]{}\\",:u0dD8 ', max_size=200).map(str.encode))
def test_what_is_taken_can_be_read_and_stored_by_everyone(body: bytes) -> None:
    try:
        check_json(body)
    except InvalidJSON:
        return
    text = json.dumps(json.loads(body), allow_nan=False, ensure_ascii=False)
    assert "\\u0000" not in text.replace("\\\\", "")
    text.encode()
