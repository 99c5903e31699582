"""Hosts in URLs: which is loopback, which is inside a network that no answer may send us to."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def host_of(url: str) -> str:
    """The host of a URL, lower-case, without port and brackets; "" where there is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a URL: what a credential belongs to."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ("", "", 0)
    scheme = parts.scheme.lower()
    return (scheme, host_of(url), port or {"http": 80, "https": 443}.get(scheme, 0))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: `localhost`, `*.localhost`, 127.0.0.0/8, `::1`."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def is_internal(host: str) -> bool:
    """
    Whether a host is an IP literal that is not public, or this machine.

    A registry's answer must not send us there (server-side request forgery, e.g. 169.254.169.254).
    """
    address = _address(host)
    if address is None:
        return is_loopback(host)
    return not address.is_global


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return _odd_ipv4(host)
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if isinstance(mapped, ipaddress.IPv4Address) else address


def _odd_ipv4(host: str) -> ipaddress.IPv4Address | None:
    """The address of forms that resolvers read too: `2852039166`, `0xa9fea9fe`, `0251.0376.1.1`."""
    parts = host.split(".")
    if len(parts) > 4 or not all(parts):
        return None
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:
        return None
    *leading, last = numbers
    if any(number > 255 for number in leading) or last >= 256 ** (5 - len(numbers)):
        return None
    value = sum(number << (24 - 8 * place) for place, number in enumerate(leading)) + last
    return ipaddress.IPv4Address(value)


def _number(text: str) -> int:
    if text.lower().startswith("0x"):
        return int(text, 16)
    return int(text, 8) if text.startswith("0") and len(text) > 1 else int(text, 10)
