from __future__ import annotations

import codecs
import time

import pytest

from processing.fanout.charsets import KNOWN_CHARSETS, SLICE_BYTES, iterate_text, pick_charset
from tests.fanout.upstream import fetch_from, reply, send


def decode(body: bytes, content_type: str | None = None) -> str:
    return "".join(iterate_text([body], pick_charset(content_type, body)))


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b"", None, ""),
        (b"plain", "text/plain", "plain"),
        ("grüße".encode(), None, "grüße"),
        ("grüße".encode(), "text/html; charset=utf-8", "grüße"),
        ("grüße".encode("latin-1"), "text/html; charset=ISO-8859-1", "grüße"),
        ("grüße".encode("latin-1"), 'text/html; a=b; charset="latin1"', "grüße"),
        ("привет".encode("koi8-r"), "text/plain;charset=KOI8-R", "привет"),
        ("日本".encode("shift_jis"), "text/plain; charset=Shift_JIS", "日本"),
        ("中文".encode("gb18030"), "text/plain; charset=gb18030", "中文"),
        ("hi".encode("utf-16-le"), "text/plain; charset=utf-16le", "hi"),
        ("hi".encode("utf-16-le"), "text/plain; charset=utf-16", "hi"),
        ("hi".encode("utf-16"), "text/plain; charset=utf-16le", "hi"),
        (codecs.BOM_UTF16_BE + "hi".encode("utf-16-be"), "text/plain; charset=utf-16", "hi"),
        (codecs.BOM_UTF8 + b"hi", None, "hi"),
        (codecs.BOM_UTF8 + b"hi", "text/plain; charset=utf-8", "hi"),
        (codecs.BOM_UTF16_LE + "hé".encode("utf-16-le"), None, "hé"),
        (codecs.BOM_UTF16_BE + "hé".encode("utf-16-be"), "text/plain", "hé"),
        ("grüße".encode("latin-1"), None, "gr\ufffd\ufffde"),
        (b"\xff\xfe\x00", None, "\ufffd"),
        (b"caf\xc3", "text/plain; charset=utf-8", "caf\ufffd"),
    ],
)
def test_text_is_decoded_by_header_then_mark_then_utf_8(
    body: bytes, content_type: str | None, text: str
) -> None:
    assert decode(body, content_type) == text


@pytest.mark.parametrize(
    "charset",
    ["nonsense", "punycode", "idna", "undefined", "unicode_escape", "rot13", "zlib", "base64", "",
     "utf-8\x00", "../etc", "x" * 5000, "_multibytecodec", "mbcs", "hex", "utf-7"],
)  # fmt: skip
def test_a_charset_that_is_none_counts_as_not_given(charset: str) -> None:
    assert decode("grüße".encode(), f"text/plain; charset={charset}") == "grüße"


@pytest.mark.parametrize("charset", sorted(KNOWN_CHARSETS))
def test_every_known_charset_decodes_any_bytes(charset: str) -> None:
    body = bytes(range(256)) * 5
    text = decode(body, f"text/plain; charset={charset}")
    assert text
    text.encode()  # no lone surrogates, which JSON or UTF-8 could not carry


def test_a_character_cut_by_a_slice_stays_whole() -> None:
    body = b"a" * (SLICE_BYTES - 1) + "é".encode()
    assert decode(body)[-1] == "é"


def test_no_slice_takes_long_even_where_every_byte_is_wrong() -> None:
    slices = iterate_text([b"\xd2" * (4 * SLICE_BYTES)], "windows-1253")
    longest_seconds = 0.0
    while True:
        started = time.thread_time()
        if next(slices, None) is None:
            break
        longest_seconds = max(longest_seconds, time.thread_time() - started)
    assert longest_seconds < 0.1


def test_an_escape_that_never_ends_is_replaced_and_spares_the_neighbour() -> None:
    endless = reply(b"\x1b(1111111111", Content_Type="text/plain; charset=iso-2022-jp")
    broken, good = fetch_from({"/broken": endless, "/good": reply(b"good")}, "/broken", "/good")
    assert broken.error is None
    assert "\ufffd" in (broken.text or "")
    assert good.text == "good"


def test_a_content_type_that_is_no_text_is_made_one() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; x=\xff\xfe\r\nContent-Length: 1\r\n\r\nx"
    [fetched] = fetch_from({"/": send(head)}, "/")
    assert fetched.content_type == "text/html; x=\ufffd\ufffd"
