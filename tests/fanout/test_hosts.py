from __future__ import annotations

import pytest
from pytest_django import Settings

from processing.fanout.hosts import is_allowed_host
from processing.fanout.targets import parse_target


@pytest.mark.parametrize(
    ("patterns", "url", "allowed"),
    [
        (["*"], "http://anything.example/", True),
        (["example.com"], "http://example.com/", True),
        (["example.com"], "http://EXAMPLE.com./", True),
        (["Example.COM."], "http://example.com/", True),
        (["example.com"], "http://www.example.com/", False),
        (["example.com"], "http://example.com.evil.example/", False),
        (["example.com"], "http://badexample.com/", False),
        ([".example.com"], "http://example.com/", True),
        ([".example.com"], "http://a.b.example.com/", True),
        ([".example.com"], "http://badexample.com/", False),
        ([".bücher.example"], "http://www.bücher.example/", True),
        (["xn--bcher-kva.example"], "http://bücher.example/", True),
        (["127.0.0.1"], "http://127.0.0.1:8000/", True),
        (["127.0.0.1"], "http://127.0.0.2/", False),
        (["2001:DB8::0:1"], "http://[2001:db8::1]/", True),
        (["a.example", "b.example"], "http://b.example/", True),
        (["", ".", "no host", "*.example"], "http://a.example/", False),
    ],
)
def test_a_host_is_matched_against_the_patterns(
    patterns: list[str], url: str, allowed: bool, settings: Settings
) -> None:
    settings.EXTERNAL_ALLOWED_HOSTS = patterns
    assert is_allowed_host(parse_target(url).host) is allowed


@pytest.mark.parametrize(
    ("host", "allowed"),
    [("api.example", True), ("v2.api.example", True), ("example", False), ("xapi.example", False)],
)
def test_an_empty_list_means_the_configured_urls_and_their_subdomains(
    host: str, allowed: bool, settings: Settings
) -> None:
    settings.EXTERNAL_ALLOWED_HOSTS = []
    settings.EXTERNAL_URLS = ["https://api.example/v1"]
    assert is_allowed_host(host) is allowed


def test_nothing_is_allowed_where_nothing_is_configured(settings: Settings) -> None:
    settings.EXTERNAL_ALLOWED_HOSTS = []
    assert not is_allowed_host("example.com")
