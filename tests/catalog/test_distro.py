from __future__ import annotations

import pytest

from anchore_gate.catalog import distro
from anchore_gate.catalog.distro import find_distro
from anchore_gate.model.inventory import Distro
from tests.support.files import Files, link

DEBIAN = """PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION_CODENAME=bookworm
ID=debian
"""


def found(path: str, content: bytes | str) -> Distro | None:
    return find_distro(Files({path: content}, wants=distro.needs().wants))


def said(path: str, content: bytes | str) -> tuple[str, str]:
    one = found(path, content)
    assert one is not None
    return one.id, one.version_id


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("/etc/os-release", DEBIAN, ("debian", "12")),
        ("/usr/lib/os-release", DEBIAN, ("debian", "12")),
        ("/etc/os-release", "ID='alpine'\nVERSION_ID=3.19.1\n", ("alpine", "3.19.1")),
        ("/etc/os-release", 'ID="rhel"\r\nVERSION_ID="9.2"\r\n', ("rhel", "9.2")),
        ("/etc/os-release", "ID=arch\nBUILD_ID=rolling\n", ("arch", "rolling")),
        ("/etc/os-release", "NAME=Home\n", ("linux", "")),
        ("/etc/os-release", b"# \xff\nID=debian\nVERSION_ID=12\n", ("debian", "12")),
        ("/etc/system-release-cpe", "cpe:/o:centos:linux:6:GA\n", ("centos", "6")),
        ("/etc/system-release-cpe", "cpe:/o:redhat:enterprise_linux:7.9:GA:server", ("rhel", "7.9")),
        ("/etc/redhat-release", "CentOS release 5.11 (Final)\n", ("centos", "5.11")),
        (
            "/etc/redhat-release",
            "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n",
            ("rhel", "6.10"),
        ),
        ("/etc/centos-release", "CentOS Linux release 7.9.2009 (Core)\n", ("centos", "7.9.2009")),
        ("/etc/redhat-release", "Fedora release 35 (Thirty Five)\n", ("fedora", "35")),
        ("/etc/alpine-release", "3.4.6\n", ("alpine", "3.4.6")),
        ("/etc/debian_version", "7.11\n", ("debian", "7")),
        ("/etc/debian_version", "trixie/sid\n", ("debian", "")),
        ("/etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\n", ("ubuntu", "10.04")),
        ("/bin/busybox", b"\x7fELF\0\0BusyBox v1.36.1 (2023)\0", ("busybox", "1.36.1")),
    ],
)
def test_a_release_file_names_the_distribution(
    path: str, content: bytes | str, expected: tuple[str, str]
) -> None:
    assert said(path, content) == expected


def test_all_fields_of_os_release_are_read() -> None:
    assert found("/etc/os-release", DEBIAN + 'ID_LIKE="a B"\nVARIANT_ID=x\n') == Distro(
        id="debian",
        version_id="12",
        name="Debian GNU/Linux",
        id_like=("a", "b"),
        version_codename="bookworm",
        pretty_name="Debian GNU/Linux 12 (bookworm)",
        variant_id="x",
    )


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/etc/os-release", ""),
        ("/etc/os-release", "no assignment\n"),
        ("/etc/redhat-release", "nothing here"),
        ("/etc/system-release-cpe", "cpe:/o:"),
        ("/etc/alpine-release", " \n"),
        ("/etc/debian_version", ""),
        ("/etc/lsb-release", "DISTRIB_ID=\n"),
        ("/bin/busybox", b"\x7fELF"),
        ("/opt/os-release", DEBIAN),
    ],
)
def test_a_file_that_names_none_is_no_distribution(path: str, content: bytes | str) -> None:
    assert found(path, content) is None


@pytest.mark.parametrize(
    "path", ["/etc/os-release", "/etc/redhat-release", "/etc/system-release-cpe", "/etc/lsb-release"]
)
@pytest.mark.parametrize("content", ["a" * 1_000_000, "\n" * 1_000_000, "a " * 500_000, "cpe:/o" * 160_000])
def test_a_long_release_file_is_read_in_no_time(path: str, content: str) -> None:
    assert found(path, content) is None


def test_os_release_goes_before_busybox_and_follows_links() -> None:
    files = Files(
        {
            "/bin/busybox": b"BusyBox v1.36.1",
            "/etc/os-release": link("../usr/lib/os-release"),
            "/usr/lib/os-release": DEBIAN,
        },
        wants=distro.needs().wants,
    )
    assert str(find_distro(files)) == "debian 12"


def test_busybox_is_found_where_bin_is_a_link_into_usr() -> None:
    files = Files(
        {"/bin": link("usr/bin"), "/usr/bin/busybox": b"BusyBox v1.37.0"}, wants=distro.needs().wants
    )
    assert str(find_distro(files)) == "busybox 1.37.0"
