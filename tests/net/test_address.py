"""Addresses: which hosts no answer may send us to."""

from __future__ import annotations

import pytest

from anchore_gate.net.address import host_of, is_internal, is_loopback, origin_of


@pytest.mark.parametrize(
    "host",
    [
        *("169.254.169.254", "10.0.0.1", "192.168.1.1", "127.0.0.1", "0.0.0.0", "::1", "fe80::1", "fd00::1"),
        *(
            "::ffff:169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "0251.0376.0251.0376",
            "169.254.43518",
            "localhost",
        ),
    ],
)
def test_inside_addresses_are_internal_in_every_spelling(host: str) -> None:
    assert is_internal(host)


@pytest.mark.parametrize("host", ["8.8.8.8", "registry.example.com", "2606:4700::1111", "10.example.com", ""])
def test_public_hosts_are_not(host: str) -> None:
    assert not is_internal(host)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("a.localhost", True), ("127.9.9.9", True), ("::1", True), ("10.0.0.1", False)],
)
def test_loopback_is_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin_of("HTTPS://Registry.Example.com./x") == ("https", "registry.example.com", 443)
    assert origin_of("http://h:99999/") == ("", "", 0)
    assert host_of("http://[bad") == ""
