"""Owns the form of an address that a user names, and which machines may be reached by one; hides the registries.

What may be reached is decided by the numeric address alone, never by how it is spelt: `localhost`, `127.1`,
`2130706433` and a name whose owner lets it point to 127.0.0.1 are all the same address once they are resolved.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, quote, urlsplit

from video_pipeline.domain.errors import InvalidInputError

URL_MAX_CHARACTERS = 2000
HOST_MAX_CHARACTERS = 253
"""Of a name in the DNS, RFC 1035."""

DEFAULT_PORTS = {"https": 443, "http": 80}

_UNUSABLE = re.compile(r"[\x00-\x20\x7f\\]")
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_KEPT = "%/:=&?~+!$,;'@()*[]-._"
"""What stands for itself in a path or query that is sent; the rest is written as percent signs and digits."""

_METADATA = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",  # Amazon, Google, Azure, DigitalOcean, OpenStack, Oracle
        "169.254.170.2",  # Amazon's containers
        "fd00:ec2::254",  # Amazon over IPv6
        "fd20:ce::254",  # Google over IPv6
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure's host; a public address to the registry
        "192.0.0.192",  # Oracle, former
    )
)
"""Where clouds give a machine its credentials: refused also where private addresses are allowed."""

_NEVER_V4 = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this host; Linux connects 0.0.0.0 to itself
        "169.254.0.0/16",  # link-local
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # relays of 6to4
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_ROUTED_V6 = IPv6Network("2000::/3")
"""The only part of IPv6 that is given out; whatever embeds an IPv4 address elsewhere is outside of it."""

_PRIVATE_NAMES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
"""Ends of names that the public DNS never has; a name of one part is none of its either."""

_NO_ADDRESS = "is no numeric address"
_PRIVATE = "is private"

_LOCAL_V6 = (IPv6Network("::1/128"), IPv6Network("fc00::/7"))
_NEVER_V6 = tuple(
    ip_network(text)
    for text in (
        "2001::/23",  # protocol assignments, among them Teredo, which embeds IPv4 addresses
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 embeds IPv4 addresses
        "3fff::/20",  # documentation
    )
)


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart: where to connect, and what to ask for there."""

    scheme: str  # https or http
    host: str  # a name in its ASCII form, or a numeric address without brackets
    port: int
    path: str  # with the query

    @property
    def authority(self) -> str:
        """What the header Host says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @classmethod
    def parse(cls, url: str) -> Target:
        """The parts of `url`; InvalidInputError, which says what is wrong, for one that is not usable."""
        if len(url) > URL_MAX_CHARACTERS:
            raise _refused(url, f"it is longer than {URL_MAX_CHARACTERS} characters")
        if _UNUSABLE.search(url):
            raise _refused(url, "it holds spaces, control characters or backslashes")
        try:
            parts = urlsplit(url)
            port = parts.port
            host = _ascii_host(parts.hostname or "")
            path = quote(parts.path or "/", safe=_KEPT) + (f"?{quote(parts.query, safe=_KEPT)}" if parts.query else "")
        except ValueError as error:
            raise _refused(url, str(error)) from error
        _check_parts(url, parts, host)
        if port == 0:
            raise _refused(url, "a port is a number from 1 to 65535")
        return cls(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], path)


def _check_parts(url: str, parts: SplitResult, host: str) -> None:
    if parts.scheme not in DEFAULT_PORTS:
        raise _refused(url, "only https:// and http:// are spoken")
    if "@" in parts.netloc:
        raise _refused(url, "it holds a user name or password; the signature is what proves who sends")
    if not host or "%" in host:
        raise _refused(url, "it names no host")
    if "#" in url:
        raise _refused(url, "the part after # is never sent; leave it out")


def _ascii_host(host: str) -> str:
    """`host` as the DNS has it; ValueError when it has no such form."""
    if len(host) > HOST_MAX_CHARACTERS:
        raise ValueError(f"its host is longer than {HOST_MAX_CHARACTERS} characters")
    if ":" in host:
        return str(IPv6Address(host)) if "%" not in host else ""
    try:
        name = host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ValueError("its host has no form in the DNS") from error
    if name and not _NAME.fullmatch(name):
        raise ValueError("its host is neither a name nor a numeric address")
    return name


def _refused(url: str, reason: str) -> InvalidInputError:
    shown = url[:200].encode("ascii", "backslashreplace").decode("ascii")
    return InvalidInputError(f"{shown!r} is no address to send to: {reason}")


def refusal(address: str, *, allow_private: bool) -> str | None:
    """Why nothing may be sent to this numeric address; None when it may be reached.

    With `allow_private` the addresses of this machine and of private networks may be, but still none that is
    link-local, multicast, reserved, embeds another address, or is where a cloud hands out credentials.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return _NO_ADDRESS
    if parsed in _METADATA:
        return "is where a cloud gives a machine its credentials"
    refused = _refusal_v4(parsed) if isinstance(parsed, IPv4Address) else _refusal_v6(parsed)
    if refused is not None:
        return refused
    return None if allow_private or _is_public(parsed) else _PRIVATE


def is_private_host(host: str) -> bool:
    """Whether `host` names this machine or one in a private network by its very form; nobody is asked."""
    reason = refusal(host, allow_private=False)
    if reason == _NO_ADDRESS:
        return "." not in host or host.endswith(_PRIVATE_NAMES)
    return reason == _PRIVATE


def _refusal_v4(address: IPv4Address) -> str | None:
    return "is reserved" if any(address in network for network in _NEVER_V4) else None


def _refusal_v6(address: IPv6Address) -> str | None:
    if any(address in network for network in _LOCAL_V6):
        return None
    if address not in _ROUTED_V6 or any(address in network for network in _NEVER_V6):
        return "is reserved"
    return None


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and any(address in network for network in _LOCAL_V6):
        return False
    return address.is_global
