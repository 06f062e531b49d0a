from __future__ import annotations

import pytest
import yarl
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from pytest_django import Settings

from processing.errors import InvalidURL, TooManyURLs
from processing.fanout.failures import FetchFailed
from processing.fanout.targets import parse_target, parse_targets, resolve_redirect


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("http://example.com", "http://example.com"),
        ("HTTP://EXAMPLE.com:80/A?b=c#d", "http://example.com/A?b=c"),
        ("https://example.com:8443/x", "https://example.com:8443/x"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("http://faß.de/", "http://xn--fa-hia.de/"),
        ("http://example.com./", "http://example.com./"),
        ("http://my_host-1/", "http://my_host-1/"),
        ("http://192.0.2.1/", "http://192.0.2.1/"),
        ("http://127。0。0。1/", "http://127.0.0.1/"),
        ("http://[2001:DB8:0:0::1]:81/", "http://[2001:db8::1]:81/"),
        ("http://example.com/a@b?c=d@e", "http://example.com/a@b?c=d@e"),
        ("http://example.com:/", "http://example.com/"),
    ],
)
def test_a_good_url_is_requested_in_canonical_form(url: str, canonical: str) -> None:
    target = parse_target(url)
    assert (target.url, str(target.canonical)) == (url, canonical)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "is not absolute"),
        ("example.com", "is not absolute"),
        ("//example.com/", "is not absolute"),
        ("/path", "is not absolute"),
        ("http:example.com", "is not absolute"),
        ("http:///path", "is not absolute"),
        ("ftp://example.com/", "is not absolute"),
        ("file:///etc/passwd", "is not absolute"),
        ("gopher://127.0.0.1:25/", "is not absolute"),
        ("javascript:alert(1)", "is not absolute"),
        ("http://user:pass@example.com/", "user information"),
        ("http://user@example.com/", "user information"),
        ("http://@example.com/", "user information"),
        ("http://good.example\\@evil.example/", "user information"),
        ("http://good.example:80@evil.example/", "user information"),
        ("http://example.com:0/", "port"),
        ("http://example.com:65536/", "port"),
        ("http://example.com:+80/", "port"),
        ("http://example.com:8_0/", "port"),
        ("http://example.com:８０/", "port"),
        ("http://exa mple.com/", "whitespace"),
        ("http://example.com/\r\nHost: evil", "whitespace"),
        ("http://example.com/\t", "whitespace"),
        ("http://example.com/\x00", "whitespace"),
        ("http://example.com/\u2028", "whitespace"),
        ("http://exam\u200bple.com/", "whitespace"),
        ("http://example.com/\ud800", "whitespace"),
        (f"http://example.com/{'a' * 2048}", "longer than 2048"),
    ],
)
def test_a_bad_url_is_refused_with_its_reason(url: str, reason: str) -> None:
    with pytest.raises(InvalidURL, match=reason):
        parse_target(url)


@pytest.mark.parametrize(
    "host",
    [
        "127.1",
        "127.0.1",
        "0",
        "2130706433",
        "0x7f000001",
        "0x7F.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.01",
        "127.0.0.1.",
        "127.0.0.256",
        "1.2.3.4.5",
        "example.0x",
        "１２７.０.０.１",
        "①②⑦.0.0.1",
        "127.0.0.1%00",
        "%31%32%37.0.0.1",
        "a%2eb",
        "a..b",
        ".a",
        "a...",
        "good.example\\.evil.example",
        "a,b",
        "a|b",
        "[::1]evil",
        "[::1].evil.example",
        "[127.0.0.1]",
        "[fe80::1%25eth0]",
        "[fe80::1%eth0]",
        "[::1",
        "::1",
        "ⓔxample.com",
        "xn--",
        "xn--a.example",
        "xn--i-7iq.example",
        f"{'a' * 64}.example",
    ],
)
def test_an_odd_spelling_of_a_host_is_refused(host: str) -> None:
    with pytest.raises(InvalidURL):
        parse_target(f"http://{host}/")


def test_the_refusal_shows_a_long_url_shortened_and_escaped() -> None:
    with pytest.raises(InvalidURL) as refusal:
        parse_target("ftp://example.com/\N{SNOWMAN}" + "a" * 500)
    assert "\\u2603" in refusal.value.detail
    assert len(refusal.value.detail) < 300
    assert "https://example.com/path" in refusal.value.detail


def test_more_urls_than_the_setting_allows_are_refused(settings: Settings) -> None:
    settings.FANOUT_MAX_URLS = 2
    assert len(parse_targets(["http://a/", "http://b/"])) == 2
    with pytest.raises(TooManyURLs, match="at most 2"):
        parse_targets(["http://a/"] * 3)


@pytest.mark.parametrize("elsewhere", ["http://evil.example/", "http://user@good.example/", "//["])
def test_a_url_that_the_connecting_library_reads_otherwise_is_refused(
    elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = yarl.URL
    monkeypatch.setattr(yarl, "URL", lambda _: read(elsewhere))
    with pytest.raises(InvalidURL, match="more than one way"):
        parse_target("http://good.example/")


@example_settings(deadline=None)  # a busy machine is no failure
@given(st.text(max_size=30), st.text(st.sampled_from("a0.x-:@[]%/\\?#。１"), max_size=20))
def test_any_text_is_a_target_or_an_invalid_url(path: str, authority: str) -> None:
    try:
        target = parse_target(f"http://{authority}/{path}")
    except InvalidURL:
        return
    other = yarl.URL(str(target.canonical))
    assert (other.raw_host, other.user) == (target.host, None)
    assert parse_target(str(target.canonical)).canonical == target.canonical


@pytest.mark.parametrize(
    ("location", "canonical"),
    [
        ("/b?c", "https://example.com/b?c"),
        ("b", "https://example.com/x/b"),
        ("//other.example/", "https://other.example/"),
        ("https://other.example/a b", "https://other.example/a%20b"),
    ],
)
def test_a_redirect_leads_on(location: str, canonical: str) -> None:
    target = parse_target("https://example.com/x/y")
    assert str(resolve_redirect(target, location).canonical) == canonical


@pytest.mark.parametrize(
    "location",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://user:pass@example.com/",
        "https://0x7f.1/",
        "https://example.com:99999/",
        "https://[::1",
        f"/{'a' * 3000}",
    ],
)
def test_a_redirect_to_what_could_not_be_asked_for_is_a_failure(location: str) -> None:
    with pytest.raises(FetchFailed) as failed:
        resolve_redirect(parse_target("https://example.com/x"), location)
    assert failed.value.failure.code == "bad_response"
