"""Which URLs are usable, and which machines may be reached by one."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_pipeline.domain.addresses import Target, refusal
from video_pipeline.domain.errors import InvalidInputError

PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::200e"]
PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",  # shared by the customers of a provider (CGNAT)
    "198.18.0.1",  # benchmarks
    "192.0.2.1",  # documentation
    "198.51.100.1",
    "203.0.113.1",
    "::1",
    "fc00::1",
    "fd12:3456::1",
]
NEVER = [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "169.254.0.1",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.8",
    "192.88.99.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::ffff:127.0.0.1",  # IPv4 in IPv6
    "::ffff:8.8.8.8",
    "::127.0.0.1",  # its former spelling
    "64:ff9b::7f00:1",  # NAT64
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",  # 6to4
    "2001:0:7f00:1::",  # Teredo
    "2001:db8::1",
    "3fff::1",
    "100::1",  # discarded
    "5f00::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",  # site-local
    "ff02::1",
    "ff0e::1",
    "fd00:ec2::254",
    "localhost",
    "127.1",
    "",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_reached(address: str) -> None:
    assert refusal(address, allow_private=False) is None
    assert refusal(address, allow_private=True) is None


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_may_be_reached_only_when_allowed(address: str) -> None:
    assert refusal(address, allow_private=False) == "is private"
    assert refusal(address, allow_private=True) is None


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_reached(address: str) -> None:
    assert refusal(address, allow_private=False)
    assert refusal(address, allow_private=True)


@given(st.one_of(st.integers(0, 2**32 - 1).map(IPv4Address), st.integers(0, 2**128 - 1).map(IPv6Address)))
def test_whatever_python_calls_private_or_special_is_refused(address: IPv4Address | IPv6Address) -> None:
    special = (
        not address.is_global
        or address.is_multicast
        or address.is_unspecified
        or address.is_reserved
        or address.is_link_local
        or address.is_loopback
    )
    if special:
        assert refusal(str(address), allow_private=False)


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_no_ipv4_address_is_reached_by_embedding_it(address: IPv4Address) -> None:
    number = int(address)
    embedded = (
        number,
        0xFFFF << 32 | number,
        0x64_FF9B << 96 | number,
        0x2002 << 112 | number << 80,
        0x2001_0000 << 96 | number,
    )
    for each in embedded:
        assert refusal(str(ip_address(each.to_bytes(16, "big"))), allow_private=True) or each == 1  # ::1 itself


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://example.com/hook?a=b", ("https", "example.com", 443, "/hook?a=b")),
        ("http://example.com", ("http", "example.com", 80, "/")),
        ("HTTPS://EXAMPLE.com:8443/", ("https", "example.com", 8443, "/")),
        ("https://bücher.example/ü?ö", ("https", "xn--bcher-kva.example", 443, "/%C3%BC?%C3%B6")),
        ("https://example.com/a%20b", ("https", "example.com", 443, "/a%20b")),
        ("http://[2606:4700:0::1111]:81/x", ("http", "2606:4700::1111", 81, "/x")),
        ("http://192.0.2.7:65535/x", ("http", "192.0.2.7", 65535, "/x")),
        ("https://example.com?x", ("https", "example.com", 443, "/?x")),
    ],
)
def test_a_url_is_taken_apart(url: str, parts: tuple[str, str, int, str]) -> None:
    target = Target.parse(url)
    assert (target.scheme, target.host, target.port, target.path) == parts


def test_the_header_host_is_as_short_as_it_can_be() -> None:
    assert Target.parse("https://example.com:443/").authority == "example.com"
    assert Target.parse("http://example.com:443/").authority == "example.com:443"
    assert Target.parse("http://[::1]:8080/").authority == "[::1]:8080"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "only https"),
        ("example.com/hook", "only https"),
        ("ftp://example.com/", "only https"),
        ("file:///etc/passwd", "only https"),
        ("gopher://example.com/", "only https"),
        ("javascript:alert(1)", "only https"),
        ("https://", "names no host"),
        ("https:///path", "names no host"),
        ("https://:443/", "names no host"),
        ("https://user:secret@example.com/", "user name"),
        ("https://@example.com/", "user name"),
        ("https://example.com@127.0.0.1/", "user name"),
        ("https://example.com:0/", "1 to 65535"),
        ("https://example.com:65536/", "range"),
        ("https://example.com:http/", "could not be cast"),
        ("https://exa mple.com/", "spaces"),
        ("https://example.com/\r\nHost: evil", "spaces, control"),
        ("https://example.com\t/", "spaces, control"),
        ("https://example.com\\@evil.example/", "backslashes"),
        ("https://example.com/#top", "after #"),
        ("https://example.com/\x00", "control"),
        ("https://[::1/", "IPv6"),
        ("https://[fe80::1%25eth0]/", "names no host"),
        ("https://a..b/", "no form in the DNS"),
        (f"https://{'a' * 64}.example/", "no form in the DNS"),
        (f"https://{'a.' * 127}example/", "253 characters"),
        (f"https://example.com/{'a' * 2000}", "2000 characters"),
        ("https://example.com/\ud800", "surrogates"),
        ("https://ⓛocalhost@x/", "user name"),
    ],
)
def test_an_unusable_url_is_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(InvalidInputError, match="is no address to send to") as error:
        Target.parse(url)
    assert reason in str(error.value)


@given(st.text(max_size=60), st.sampled_from(["", "https://", "http://", "https://example.com/", "http://["]))
def test_any_text_is_a_target_or_refused(text: str, start: str) -> None:
    try:
        target = Target.parse(start + text)
    except InvalidInputError:
        return
    assert target.scheme in ("http", "https")
    assert 1 <= target.port <= 65535
    assert re.fullmatch(r"[\x21-\x7e]+", target.host + target.path)
    assert target.path.startswith("/")
