from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchore_gate.errors import ImageError, LimitExceeded
from anchore_gate.image.layered import LayeredImage
from anchore_gate.image.limits import MIB
from anchore_gate.image.needs import Checksums, ContentSearch, Needs, Want
from anchore_gate.image.sources import open_image
from anchore_gate.image.squashed import SquashedFilesystem
from anchore_gate.image.tarheader import normal_path
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import Image, Layer
from anchore_gate.values import replace
from tests.image.needs_of import EVERYTHING, KEY_LINE, SECRETS, everything
from tests.support.images import (
    BuiltLayer,
    Entry,
    docker_archive,
    folder,
    hardlink,
    layer_of,
    make_layer,
    make_tar,
    symlink,
)

Files = dict[str, bytes | str | Entry]


class Blob:
    def __init__(self, index: int, built: BuiltLayer) -> None:
        self.layer = Layer(index=index, diff_id=Digest.parse(built.diff_id), size=len(built.blob))
        self._blob = built.blob

    def open(self) -> io.BytesIO:
        return io.BytesIO(self._blob)


def squash(*layers: Files | BuiltLayer, needs: Needs | None = None) -> SquashedFilesystem:
    built = [one if isinstance(one, BuiltLayer) else make_layer(one, compression="none") for one in layers]
    blobs = [Blob(i, one) for i, one in enumerate(built)]
    opened = OPEN.enter_context(LayeredImage(Image(name="it", source="test"), blobs))
    return opened.scan(needs or everything(searches=True))


OPEN = ExitStack()


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    OPEN.close()


def paths(files: SquashedFilesystem) -> list[str]:
    return [entry.path for entry in files.entries()]


@pytest.mark.parametrize(
    ("lower", "upper", "left"),
    [
        ({"a/b": "1", "a/c": "2"}, {"a/.wh.b": b""}, ["/a/c"]),
        ({"a/b/c": "1", "ab": "2"}, {"./.wh.a": b""}, ["/ab"]),
        ({"a/b": "1", "a/c/d": "2"}, {"a/.wh..wh..opq": b"", "a/new": "3"}, ["/a/new"]),
        ({"a/b": "1"}, {"a/new": "3", "a/.wh..wh..opq": b""}, ["/a/new"]),
        ({"a/b": "1"}, {"a": "file"}, ["/a"]),
        ({"a/b": "1"}, {"a": symlink("/c")}, ["/a"]),
        ({"a": "file"}, {"a/b": "1"}, ["/a/b"]),
        ({"a/b": "1"}, {"a/": folder()}, ["/a", "/a/b"]),
        ({"a": "1"}, {".wh..wh.plnk": b"", ".wh..wh.aufs": b""}, ["/a"]),
        ({"a": "1", "b/c": "2"}, {".wh..wh..opq": b""}, []),
        ({"a": "1"}, {".wh.a": b"", "a": "2"}, ["/a"]),
    ],
    ids=[
        "file",
        "folder",
        "opaque",
        "opaque last",
        "file over folder",
        "link over folder",
        "under a file",
        "folder over folder",
        "aufs marks",
        "root",
        "replaced",
    ],
)
def test_upper_layers_take_away(lower: Files, upper: Files, left: list[str]) -> None:
    assert paths(squash(lower, upper)) == left


def test_a_removed_folder_may_come_back_empty_of_what_was() -> None:
    assert paths(squash({"a/b": "1"}, {".wh.a": b""}, {"a/c": "2"})) == ["/a/c"]


@pytest.mark.parametrize("name", [".wh.", "a/.wh..", "a/.wh..."])
def test_a_whiteout_without_a_name_is_refused(name: str) -> None:
    with pytest.raises(ImageError, match="whiteout without a name"):
        squash({name: b""})


TREES = st.dictionaries(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join),
    st.sampled_from(["file", "dir", "whiteout", "opaque"]),
    max_size=6,
)


def _members(tree: dict[str, str]) -> Files:
    found: Files = {}
    for path, kind in tree.items():
        parent, _, base = path.rpartition("/")
        prefix = parent + "/" if parent else ""
        if any(tree.get(path[:at]) == "file" for at in range(len(path)) if path[at] == "/"):
            continue  # no builder writes beneath a file of the same layer
        if kind == "file":
            found[path] = path
        elif kind == "whiteout":
            found[f"{prefix}.wh.{base}"] = b""
        else:
            found[path] = folder()
            if kind == "opaque":
                found[f"{path}/.wh..wh..opq"] = b""
    return found


def _unpacked(trees: list[dict[str, str]]) -> set[str]:
    """What the layers make when they are unpacked one after the other, the plain way."""
    disk: dict[str, str] = {}
    for tree in trees:
        names = list(_members(tree))
        for name in names:
            parent, _, base = name.rpartition("/")
            gone = (
                f"{parent}/{base[4:]}".lstrip("/")
                if base.startswith(".wh.") and base != ".wh..wh..opq"
                else None
            )
            for old in [o for o in disk if gone and (o == gone or o.startswith(gone + "/"))]:
                del disk[old]
            for old in [o for o in disk if base == ".wh..wh..opq" and o.startswith(parent + "/")]:
                del disk[old]
        for name in (n for n in names if ".wh." not in n):
            above = {name[:at] for at in range(len(name)) if name[at] == "/"}
            if tree[name] == "file":
                for old in [o for o in disk if o.startswith(name + "/")]:
                    del disk[old]
            for one in above & disk.keys():
                if disk[one] == "file":
                    del disk[one]
            disk[name] = tree[name]
    return set(disk)


@given(st.lists(TREES, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_squashing_is_unpacking_layer_by_layer(trees: list[dict[str, str]]) -> None:
    files = squash(*(_members(tree) for tree in trees))
    assert set(paths(files)) == {"/" + path for path in _unpacked(trees)}


def test_a_file_that_became_a_folder_stays_gone_when_the_folder_is_emptied() -> None:
    assert paths(squash({"c": "a file"}, {"c/inner": "a file"}, {"c/.wh.inner": b""})) == []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("../../etc/passwd", "/etc/passwd"),
        ("/etc/passwd", "/etc/passwd"),
        ("//etc//passwd", "/etc/passwd"),
        ("./etc/./passwd", "/etc/passwd"),
        ("a/../../../b/", "/b"),
        ("./", "/"),
        ("..", "/"),
        ("", "/"),
        (".bashrc", "/.bashrc"),
        ("a/..b", "/a/..b"),
    ],
)
def test_no_name_leads_out_of_the_root(name: str, path: str) -> None:
    assert normal_path(name) == path


@given(st.text("./a", max_size=12))
def test_every_path_is_absolute_and_normal(name: str) -> None:
    path = normal_path(name)
    assert path == "/" or (path.startswith("/") and not {"", ".", ".."} & set(path[1:].split("/")))


def test_links_are_followed_in_every_part() -> None:
    files = squash(
        {
            "usr/lib/os-release": "ID=x",
            "etc/os-release": symlink("../usr/lib/os-release"),
            "lib": symlink("usr/lib"),
            "up": symlink("../../../lib"),
            "loop": symlink("loop"),
            "a": symlink("b"),
            "b": symlink("a"),
            "gone": symlink("/nowhere"),
            "slash": symlink("/"),
        }
    )
    assert files.resolve("/etc/os-release") == "/usr/lib/os-release"
    assert files.resolve("/up/os-release") == "/usr/lib/os-release"
    assert files.resolve("/slash/slash/lib/../lib/os-release") == "/usr/lib/os-release"
    assert files.resolve("/usr") == "/usr"
    assert files.resolve("/up/./os-release/") == "/usr/lib/os-release"
    assert files.read("/lib/os-release") == b"ID=x"
    for path in ("/loop", "/a", "/a/x", "/gone", "/usr/lib/os-release/x", "/nope"):
        assert files.resolve(path) is None
        assert not files.has(path)
    with pytest.raises(ImageError, match="was not kept"):
        files.read("/loop")


def test_a_file_beneath_a_lower_layers_link_is_found() -> None:
    files = squash({"lib": symlink("usr/lib"), "usr/lib/a": "1"}, {"lib/b": "2"})
    assert files.read("/lib/a") == b"1"
    assert files.read("/lib/b") == b"2"


def test_the_last_of_duplicate_members_counts() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for content in (KEY_LINE, b"clean"):
            member = tarfile.TarInfo("a")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    files = squash(layer_of(stream.getvalue()))
    assert files.read("/a") == b"clean"
    assert files.hits == ()


@pytest.mark.parametrize(
    ("members", "left"),
    [
        ({"a/": folder(), "a/key": KEY_LINE, "a": "file"}, ["/a"]),
        ({"a/b/key": KEY_LINE, "a": "file"}, ["/a"]),
        ({"a/key": KEY_LINE, "a": symlink("/c")}, ["/a"]),
        ({"c/x": "1", "a/key": KEY_LINE, "b": hardlink("c/x"), "a": hardlink("c/x")}, ["/a", "/b", "/c/x"]),
        ({"a/": folder(), "a/key": "1", "ab": "2"}, ["/a", "/a/key", "/ab"]),
    ],
    ids=["file over folder", "file over implied folder", "link", "hard link", "nothing replaced"],
)
def test_what_replaces_a_folder_of_its_layer_hides_what_was_in_it(members: Files, left: list[str]) -> None:
    files = squash(members)
    assert paths(files) == left
    assert files.hits == ()


def test_a_file_beneath_a_link_of_its_layer_is_found() -> None:
    files = squash({"a/key": "harmless", "a": symlink("/c"), "a/late": KEY_LINE})
    assert paths(files) == ["/a", "/a/late"]
    assert {hit.path for hit in files.hits} == {"/a/late"}


def test_a_hard_link_has_content_hits_and_checksums_of_its_file() -> None:
    files = squash(
        {"a": KEY_LINE, "b": hardlink("a"), "c": hardlink("b")},
        needs=everything(searches=True, checksums=True),
    )
    for path in ("/a", "/b", "/c"):
        assert files.read(path) == KEY_LINE
        assert files.checksum(path, "sha256") == hashlib.sha256(KEY_LINE).hexdigest()
        entry = files.entry(path)
        assert entry is not None
        assert (entry.type, entry.size) == ("file", len(KEY_LINE))
    assert [hit.path for hit in files.hits] == ["/a", "/b", "/c"]


WANTED = Want.exact("/wanted")


@pytest.mark.parametrize("size", [10, 3 * MIB])
def test_a_wanted_hard_link_to_an_unwanted_name_is_kept(size: int) -> None:
    other = Want.exact("/also")
    layer: Files = {"blob": b"x" * size, "wanted": hardlink("blob"), "also": hardlink("blob")}
    files = squash(layer, needs=Needs(wants=(WANTED, other), checksums=(Checksums(pattern="/also"),)))
    assert files.read("/wanted") == files.read("/also") == b"x" * size
    assert list(files.kept(WANTED)) == ["/wanted"]
    assert list(files.kept(other)) == ["/also"]
    assert files.checksum("/also", "sha256") == hashlib.sha256(b"x" * size).hexdigest()
    assert not files.has("/blob")


def test_a_hard_link_outlives_the_name_it_was_made_from() -> None:
    files = squash({"blob": KEY_LINE, "wanted": hardlink("blob")}, {".wh.blob": b""})
    assert files.read("/wanted") == KEY_LINE
    assert [hit.path for hit in files.hits] == ["/wanted"]


def test_a_hard_link_into_a_lower_layer_is_followed() -> None:
    files = squash(
        {"blob": KEY_LINE}, {"wanted": hardlink("blob")}, needs=Needs(wants=(WANTED,), searches=SECRETS)
    )
    assert files.read("/wanted") == KEY_LINE
    assert [hit.path for hit in files.hits] == ["/blob", "/wanted"]


@pytest.mark.parametrize(
    "layers",
    [
        [{"blob": KEY_LINE, "b": hardlink("blob")}, {"wanted": hardlink("b")}],
        [{"blob": KEY_LINE}, {"z": hardlink("blob")}, {"wanted": hardlink("z")}],
        [{"blob": KEY_LINE, "b": hardlink("blob")}, {"z": hardlink("b")}, {"wanted": hardlink("z")}],
    ],
    ids=["to a link", "over two layers", "over two layers to a link"],
)
def test_a_hard_link_to_a_hard_link_below_is_followed(layers: list[Files]) -> None:
    files = squash(*layers, needs=Needs(wants=(WANTED,), searches=SECRETS))
    assert files.read("/wanted") == KEY_LINE
    assert "/wanted" in [hit.path for hit in files.hits]


def test_a_hard_link_to_one_whose_file_a_higher_layer_hides_has_its_hits() -> None:
    layers: list[Files] = [{"blob": KEY_LINE, "b": hardlink("blob")}, {"c": hardlink("b"), ".wh.blob": b""}]
    assert [hit.path for hit in squash(*layers, needs=Needs(searches=SECRETS)).hits] == ["/b", "/c"]


@pytest.mark.parametrize("later", [b"clean", b"clean" * len(KEY_LINE)], ids=["short", "long"])
def test_a_hard_link_keeps_its_bytes_when_another_file_takes_their_name(later: bytes) -> None:
    layer: Files = {"blob": KEY_LINE, "b": hardlink("blob"), "./blob": later, "wanted": hardlink("b")}
    files = squash(layer, needs=Needs(wants=(WANTED,), searches=SECRETS))
    assert files.read("/wanted") == KEY_LINE
    assert [hit.path for hit in files.hits] == ["/b", "/wanted"]


@pytest.mark.parametrize("below", [{"b": KEY_LINE}, {}], ids=["there", "not there"])
def test_a_hard_link_to_what_comes_later_in_its_layer_is_refused(below: Files) -> None:
    with pytest.raises(ImageError, match="what comes later in its layer"):
        squash(below, {"a": hardlink("b"), "b": b"clean"})


def test_a_hard_link_to_nothing_is_refused() -> None:
    with pytest.raises(ImageError, match="hard link to '/gone', which is not there"):
        squash({"a": hardlink("gone")})


@pytest.mark.parametrize(
    "layer",
    [{"a": hardlink("a")}, {"a": KEY_LINE, "b": hardlink("a"), "./a": hardlink("b")}],
    ids=["at once", "later"],
)
def test_a_hard_link_to_itself_is_refused(layer: Files) -> None:
    with pytest.raises(ImageError, match="hard link to itself"):
        squash(layer)


def test_entries_tell_mode_owner_and_kind() -> None:
    devices = {
        "d": Entry(type=tarfile.CHRTYPE, mode=0o600),
        "p": Entry(type=tarfile.FIFOTYPE),
        "s": Entry(b"x", mode=0o4755, uid=7, gid=8),
    }
    files = squash(dict(devices))
    found = {entry.path: (entry.type, oct(entry.mode), entry.uid, entry.gid) for entry in files.entries()}
    assert found == {
        "/d": ("chardev", "0o20600", 0, 0),
        "/p": ("fifo", "0o10644", 0, 0),
        "/s": ("file", "0o104755", 7, 8),
    }


def test_wants_select_by_name_suffix_pattern_and_size() -> None:
    jars = Want(suffixes=frozenset({".JAR"}), limit=5)
    meta = Want(names=frozenset({"METADATA"}), pattern=r".*\.dist-info/METADATA")
    files = squash(
        {
            "a.jar": "12345",
            "B.Jar": "1",
            "c.jar": "123456",
            "x.dist-info/METADATA": "m",
            "METADATA": "n",
            "a.jarx": "",
        },
        needs=Needs(wants=(jars, meta)),
    )
    assert list(files.kept(jars)) == ["/B.Jar", "/a.jar"]
    assert list(files.kept(meta)) == ["/x.dist-info/METADATA"]
    assert files.oversized == (("/c.jar", 6),)


def test_large_files_are_streams() -> None:
    content = bytes(range(256)) * 20_000
    files = squash({"big": content, "small": b"ab"})
    with files.open("/big") as stream:
        stream.seek(-256, io.SEEK_END)
        assert stream.read() == bytes(range(256))
        stream.seek(1000)
        assert stream.read(10) == content[1000:1010]
    assert files.read("/small") == b"ab"


def test_what_was_not_searched_is_said() -> None:
    files = squash(
        {"big": b"a" * (MIB + 1), "bin": b"\0" + KEY_LINE * 500, "text": KEY_LINE},
        needs=Needs(searches=SECRETS),
    )
    assert [hit.path for hit in files.hits] == ["/text"]
    assert files.notes == (
        "1 files larger than 1048576 bytes were not searched for content",
        "1 binary files (a NUL byte near the start) were not searched for content",
    )


def test_a_longer_binary_file_is_searched_where_that_is_asked_for() -> None:
    content = b"\0" * 20_000 + b"\npassword\n"
    wanted = [
        ContentSearch(kind="content", name=str(size), regex="password", max_binary=size)
        for size in (len(content), len(content) - 1)
    ]

    files = squash({"a": content}, needs=Needs(searches=tuple(wanted)))

    assert [hit.name for hit in files.hits] == [str(len(content))]


def test_a_short_binary_file_is_searched_as_by_anchore() -> None:
    files = squash({"bin": b"\0\xff\n" + KEY_LINE}, needs=Needs(searches=SECRETS))

    assert [(hit.path, hit.lines) for hit in files.hits] == [("/bin", (2,))]
    assert files.notes == ()


def test_a_link_to_a_file_with_a_hit_has_it_too() -> None:
    files = squash(
        {
            "keys/key": KEY_LINE,
            "a/one": symlink("../keys/key"),
            "two": symlink("/a/one"),
            "k": symlink("keys"),
        },
        {"three": symlink("keys/key"), "gone": symlink("keys/none"), "loop": symlink("loop")},
        needs=Needs(searches=SECRETS),
    )

    assert [(hit.path, hit.layer) for hit in files.hits] == [
        (path, 0) for path in ("/a/one", "/keys/key", "/three", "/two")
    ]


def test_a_hard_link_is_another_name_as_long_as_the_file_has_its_first() -> None:
    files = squash(
        {"a": b"xx", "b": hardlink("a"), "c": b"yy", "d": hardlink("c"), "e": symlink("a")},
        {".wh.c": b"", "f": hardlink("a")},
    )

    assert [entry.path for entry in files.entries() if entry.is_hard_link] == ["/b", "/f"]
    assert files.read("/d") == b"yy"


@pytest.mark.parametrize("hides", [{"a": b"clean"}, {".wh.a": b""}], ids=["replaced", "removed"])
def test_a_hard_link_is_not_taken_for_what_a_higher_layer_put_in_its_files_place(hides: Files) -> None:
    layers: list[Files] = [{"a": KEY_LINE}, {"b": hardlink("a")}]

    assert squash(*layers).read("/b") == KEY_LINE
    with pytest.raises(ImageError, match="hidden by a higher layer"):
        squash(*layers, hides)


def test_a_large_sparse_file_costs_no_memory() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("huge.jar")
        member.pax_headers = {"GNU.sparse.size": str(10**15), "GNU.sparse.map": f"{10**14},4"}
        member.size = 4
        tar.addfile(member, io.BytesIO(b"data"))
    layer = layer_of(stream.getvalue())
    files = squash(layer, needs=Needs(wants=(Want(suffixes=frozenset({".jar"})),)))
    assert files.oversized == (("/huge.jar", 10**15),)
    with pytest.raises(LimitExceeded, match="sparse file of"):
        squash(layer, needs=Needs(checksums=(Checksums(pattern="/.*"),)))


def test_a_hundred_thousand_empty_members_are_read() -> None:
    member = make_tar({"d/000000": b""})[:512]
    blocks = bytearray()
    for i in range(20_000):
        name = b"d/%06d" % i
        block = bytearray(member)
        block[:8] = name
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        blocks += block
    files = squash(layer_of(bytes(blocks)))
    assert len(list(files.entries())) == 20_000


def test_a_bomb_of_zeros_is_refused(tmp_path: Path) -> None:
    layer = make_layer({"zeros": bytes(260 * MIB)})
    with (
        open_image(str(docker_archive(tmp_path / "a.tar", [layer]))) as opened,
        pytest.raises(LimitExceeded, match="a bomb"),
    ):
        opened.scan(Needs())


def test_every_want_sees_only_its_files() -> None:
    files = squash({"a": "1"}, needs=Needs(wants=(WANTED,)))
    assert list(files.kept(EVERYTHING)) == []


def test_entries_can_be_asked_for_by_the_bits_of_their_mode() -> None:
    files = squash({"bin/su": Entry(b"x", mode=0o4755), "bin/wall": Entry(b"x", mode=0o2755), "bin/ls": b"x"})
    assert [one.path for one in files.entries(mode=0o6000)] == ["/bin/su", "/bin/wall"]
    assert [one.path for one in files.entries(mode=0o4000)] == ["/bin/su"]
    assert [one.path for one in files.entries() if one.type == "file"] == ["/bin/ls", "/bin/su", "/bin/wall"]


@pytest.mark.parametrize("lines", [20_000, 400_000], ids=["200 KiB", "4 MiB"])
def test_a_long_file_is_kept_whole_and_searched(lines: int) -> None:
    content = KEY_LINE + b"".join(b"line %d\n" % number for number in range(lines))
    wider = tuple(replace(one, max_size=8 * MIB) for one in SECRETS)

    files = squash({"long.txt": content}, needs=Needs(wants=(EVERYTHING,), searches=wider))

    assert files.read("/long.txt") == content
    assert [(hit.path, hit.lines) for hit in files.hits] == [("/long.txt", (1,))]


STATUS = Needs(
    wants=(
        *map(Want.exact, ("/var/lib/dpkg/status", "/bin/busybox", "/usr/bin/busybox")),
        Want(names=frozenset({"package.json"})),
        Want(pattern="/var/lib/status.d/.*", holds="/status.d/"),
    )
)


@pytest.mark.parametrize(
    "layers",
    [
        ({"var/lib/dpkg/status": "old"}, {"x": symlink("var/lib/dpkg"), "x/status": "new"}),
        ({"var/lib/dpkg/status": "old", "x": symlink("/var/lib/dpkg")}, {"x/status": "new"}),
        ({"var/lib/dpkg/status": "old", "var/x": symlink("lib")}, {"var/x/dpkg/status": "new"}),
        (
            {"x": symlink("var/lib/dpkg")},
            {"x/status": "new"},
        ),  # a link to nothing: a runtime makes the folder
    ],
)
def test_evidence_that_is_written_through_a_link_is_no_verdict(layers: tuple[Files, ...]) -> None:
    with pytest.raises(ImageError, match=r"lies beneath a symbolic link: .* '/var/lib/dpkg/status'"):
        squash(*layers, needs=STATUS)


@pytest.mark.parametrize(
    "layers",
    [
        ({"lib": symlink("usr/lib"), "usr/lib/a": "1"}, {"lib/node_modules/x/package.json": "{}"}),
        ({"bin": symlink("usr/bin"), "usr/bin/sh": "1"}, {"bin/app": "2"}),
        ({"bin": symlink("usr/bin"), "usr/bin/sh": "1"}, {"bin/busybox": "2"}),
        ({"x": symlink("var/lib/dpkg"), "var/lib/dpkg/status": "1"}, {"x/": folder(), "x/status": "2"}),
        ({"var/lib/dpkg/status": "1"}, {"x": symlink("var/lib/dpkg")}),
    ],
)
def test_what_is_found_beneath_a_link_as_well_is_no_matter(layers: tuple[Files, ...]) -> None:
    assert paths(squash(*layers, needs=STATUS))
