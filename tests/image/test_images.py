from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from anchore_gate.errors import ImageError, ImageNotFound, LimitExceeded, PlatformNotFound, UsageError
from anchore_gate.image.limits import MAX_CONFIG, MAX_INDEX_DEPTH
from anchore_gate.image.needs import Needs
from anchore_gate.image.sources import open_image, scheme_of
from anchore_gate.model.image import Platform
from tests.image.needs_of import EVERYTHING, KEY_LINE, everything
from tests.support.images import (
    BuiltLayer,
    Config,
    Entry,
    digest_of,
    docker_archive,
    folder,
    make_layer,
    make_tar,
    oci_archive,
    oci_files,
    oci_index_files,
    oci_layout,
    symlink,
    to_json,
    write_files,
)

BASE = make_layer(
    {
        "etc/": folder(),
        "etc/passwd": "root:x:0:0::/root:/bin/sh\n",
        "old": KEY_LINE,
        "lib": symlink("usr/lib"),
    },
    created_by="/bin/sh -c #(nop) ADD file:abc in / ",
)
TOP = make_layer(
    {".wh.old": b"", "usr/lib/a.so": b"\0ELF"}, compression="zstd", created_by="COPY a.so /usr/lib # buildkit"
)
LAYERS = [BASE, TOP]
CONFIG = Config(user="app", env=["A=1"], exposed_ports=["22/tcp"], healthcheck=["CMD", "true"])


def docker_legacy(path: Path) -> Path:
    return docker_archive(path / "legacy.tar", LAYERS, config=CONFIG)


def docker_oci(path: Path) -> Path:
    return docker_archive(path / "both.tar", LAYERS, config=CONFIG, form="oci")


def layout_folder(path: Path) -> Path:
    return oci_layout(path / "layout", LAYERS, config=CONFIG, nested=True)


def layout_tar(path: Path) -> Path:
    return oci_archive(path / "oci.tar", LAYERS, config=CONFIG, tag="example.org/app:1.0")


def layout_gz(path: Path) -> Path:
    plain = layout_tar(path).read_bytes()
    import gzip

    (path / "oci.tar.gz").write_bytes(gzip.compress(plain))
    return path / "oci.tar.gz"


ALL = [docker_legacy, docker_oci, layout_folder, layout_tar, layout_gz]


@pytest.mark.parametrize("build", ALL, ids=lambda build: build.__name__)
def test_every_form_gives_the_same_files_and_config(build: Callable[[Path], Path], tmp_path: Path) -> None:
    with open_image(str(build(tmp_path))) as opened:
        files = opened.scan(everything(searches=True))
        assert [(entry.path, entry.layer) for entry in files.entries()] == [
            ("/etc", 0),
            ("/etc/passwd", 0),
            ("/lib", 0),
            ("/usr/lib/a.so", 1),
        ]
        assert files.read("/lib/a.so") == b"\0ELF"
        assert files.hits == (), "the key's file is deleted by the upper layer"
        image = opened.image
    assert image.config.user == "app"
    assert image.config.exposed_ports == ("22/tcp",)
    assert image.config.healthcheck == ("CMD", "true")
    assert [str(layer.diff_id) for layer in image.layers] == [BASE.diff_id, TOP.diff_id]
    assert image.layers[1].created_by == "COPY a.so /usr/lib"
    assert image.size == len(BASE.tar) + len(TOP.tar)
    assert str(image.config_digest) == digest_of(to_json(CONFIG.document(LAYERS)))


@pytest.mark.parametrize(
    ("build", "source"),
    [
        (docker_legacy, "docker-archive"),
        (docker_oci, "docker-archive"),
        (layout_folder, "oci-dir"),
        (layout_tar, "oci-archive"),
    ],
)
def test_the_form_is_detected_or_named(build: Callable[[Path], Path], source: str, tmp_path: Path) -> None:
    path = build(tmp_path)
    for text in (str(path), f"{source}:{path}"):
        with open_image(text) as opened:
            assert opened.image.source == source


@pytest.mark.parametrize(
    ("tag", "known"),
    [("app:1.0", "docker.io/app:1.0"), ("r.example/team/app:2", "r.example/team/app:2"), (None, "")],
)
def test_an_archive_knows_its_tag(tag: str | None, known: str, tmp_path: Path) -> None:
    with open_image(str(docker_archive(tmp_path / "a.tar", LAYERS, tag=tag))) as opened:
        assert opened.image.tag == known
        assert opened.image.digest is None


def test_a_layout_knows_manifest_and_index_digest(tmp_path: Path) -> None:
    with open_image(str(layout_folder(tmp_path))) as opened:
        assert opened.image.digest is not None
        assert opened.image.index_digest is not None
        assert opened.image.layers[0].digest is not None


def test_a_layer_that_occurs_twice_may_be_a_link(tmp_path: Path) -> None:
    with open_image(str(docker_archive(tmp_path / "a.tar", [BASE, TOP, BASE]))) as opened:
        assert opened.scan(everything()).read("/old") == KEY_LINE


def _changed(tmp_path: Path, layer: BuiltLayer) -> Path:
    """An archive whose second layer was exchanged after the config was written."""
    raw = to_json(CONFIG.document(LAYERS))
    return docker_archive(tmp_path / "changed.tar", [BASE, layer], config=raw)


def test_a_layer_with_another_content_is_refused(tmp_path: Path) -> None:
    other = make_layer({"evil": "x"})
    with (
        open_image(str(_changed(tmp_path, other))) as opened,
        pytest.raises(ImageError, match="the config says sha256:"),
    ):
        opened.scan(Needs())


def test_a_blob_that_is_not_what_its_digest_says_is_refused(tmp_path: Path) -> None:
    path = oci_layout(tmp_path / "layout", LAYERS)
    blob = path / "blobs/sha256" / BASE.digest[7:]
    from tests.support.images import compress

    blob.write_bytes(compress(BASE.tar, "zstd"))
    with open_image(str(path)) as opened, pytest.raises(ImageError, match=r"layer 0.*the manifest says"):
        opened.scan(Needs())


def test_a_missing_layer_is_named(tmp_path: Path) -> None:
    path = oci_layout(tmp_path / "layout", LAYERS)
    (path / "blobs/sha256" / TOP.digest[7:]).unlink()
    with pytest.raises(ImageError, match="layer 1 is missing"), open_image(str(path)):
        pass


def test_a_missing_layer_of_an_archive_is_named(tmp_path: Path) -> None:
    raw = to_json(Config().document([BASE]))
    entry = {"Config": "c.json", "RepoTags": None, "Layers": ["gone/layer.tar"]}
    path = tmp_path / "a.tar"
    path.write_bytes(make_tar({"c.json": raw, "manifest.json": to_json([entry])}))
    with pytest.raises(ImageError, match=r"layer 0 is missing: 'gone/layer.tar'"), open_image(str(path)):
        pass


@pytest.mark.parametrize(
    ("config", "error", "words"),
    [
        (b"not json", ImageError, "not JSON"),
        (b"[]", ImageError, "not a JSON object"),
        (b'{"rootfs": []}', ImageError, "'rootfs' is no object"),
        (b'{"rootfs": {"diff_ids": ["md5:1"]}}', ImageError, "not a digest"),
        (b'{"config": {"Env": [1]}}', ImageError, "'Env' holds something that is no text"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, LimitExceeded, "nested deeper"),
        (b'{"a":' * 100_000, LimitExceeded, "nested deeper"),
        (b'{"a": "' + b"x" * MAX_CONFIG + b'"}', LimitExceeded, "more than"),
        (b"{}", ImageError, "the archive has 2 layers, the config names 0"),
    ],
    ids=["text", "list", "rootfs", "digest", "env", "deep", "deeper", "large", "no layers"],
)
def test_a_bad_config_is_one_clear_line(
    config: bytes, error: type[ImageError], words: str, tmp_path: Path
) -> None:
    path = docker_archive(tmp_path / "a.tar", LAYERS, config=config)
    with pytest.raises(error, match=words) as raised, open_image(str(path)):
        pass
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_brackets_in_texts_are_not_nesting(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "a.tar", [BASE], config=Config(env=["A=" + "[" * 500, 'B="{' * 100]))
    with open_image(str(path)) as opened:
        assert opened.image.config.env[0] == "A=" + "[" * 500


ARM = Config(architecture="arm64", variant="v8")


def _two_platforms(tmp_path: Path, *, nested: bool = False) -> Path:
    write_files(tmp_path / "two", oci_index_files([([BASE], Config()), ([TOP], ARM)], nested=nested))
    return tmp_path / "two"


@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
@pytest.mark.parametrize(
    ("wanted", "layer"), [("linux/amd64", BASE), ("linux/arm64", TOP), ("linux/arm64/v8", TOP)]
)
def test_the_platform_chooses_the_image(wanted: str, layer: BuiltLayer, nested: bool, tmp_path: Path) -> None:
    with open_image(str(_two_platforms(tmp_path, nested=nested)), platform=Platform.parse(wanted)) as opened:
        assert str(opened.image.layers[0].diff_id) == layer.diff_id


def test_an_index_without_the_platform_says_what_there_is(tmp_path: Path) -> None:
    with (
        pytest.raises(
            PlatformNotFound, match="no image for linux/s390x; there is: linux/amd64, linux/arm64/v8"
        ),
        open_image(str(_two_platforms(tmp_path)), platform=Platform("linux", "s390x")),
    ):
        pass


@pytest.mark.parametrize("build", ALL[:4], ids=lambda build: build.__name__)
def test_a_single_image_for_another_platform_is_refused(
    build: Callable[[Path], Path], tmp_path: Path
) -> None:
    with (
        pytest.raises(PlatformNotFound, match="no image for linux/arm64; there is: linux/amd64"),
        open_image(str(build(tmp_path)), platform=Platform("linux", "arm64")),
    ):
        pass


def test_indexes_nested_too_deep_are_refused(tmp_path: Path) -> None:
    files = oci_files([BASE])
    for _ in range(MAX_INDEX_DEPTH + 1):
        index = files["index.json"]
        assert isinstance(index, bytes)
        files[f"blobs/sha256/{digest_of(index)[7:]}"] = index
        descriptor = {
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "digest": digest_of(index),
            "size": len(index),
        }
        files["index.json"] = to_json({"schemaVersion": 2, "manifests": [descriptor]})
    write_files(tmp_path / "deep", files)
    with pytest.raises(LimitExceeded, match="nested deeper"), open_image(str(tmp_path / "deep")):
        pass


def test_a_manifest_of_another_size_is_refused(tmp_path: Path) -> None:
    files = oci_files([BASE])
    index = files["index.json"]
    assert isinstance(index, bytes)
    files["index.json"] = index.replace(b'"size": ', b'"size": 1')
    write_files(tmp_path / "l", files)
    with pytest.raises(ImageError, match="its descriptor says 1"), open_image(str(tmp_path / "l")):
        pass


def test_one_of_several_images_is_chosen_by_tag(tmp_path: Path) -> None:
    entries: list[dict[str, object]] = []
    files: dict[str, bytes | str | Entry] = {}
    for tag, layer in (("a:1", BASE), ("b:1", TOP)):
        raw = to_json(Config().document([layer]))
        files |= {f"{tag[0]}.json": raw, f"{tag[0]}.tar": layer.blob}
        entries.append({"Config": f"{tag[0]}.json", "RepoTags": [tag], "Layers": [f"{tag[0]}.tar"]})
    path = tmp_path / "two.tar"
    path.write_bytes(make_tar({**files, "manifest.json": to_json(entries)}))
    with open_image(str(path), tag="b:1") as opened:
        assert opened.image.tag == "docker.io/b:1"
    with pytest.raises(ImageError, match="holds 2 images, name one of them: a:1, b:1"), open_image(str(path)):
        pass


def test_a_file_that_is_no_tar_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"hello" * 1000)
    with pytest.raises(ImageError, match="no tar header at byte 0"), open_image(str(tmp_path / "x.tar")):
        pass


def test_an_empty_file_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "x.tar").touch()
    with pytest.raises(ImageError, match="an empty file"), open_image(str(tmp_path / "x.tar")):
        pass


def test_a_tar_that_is_no_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(make_tar({"a": "b"}))
    with pytest.raises(ImageError, match="holds no image"), open_image(str(tmp_path / "x.tar")):
        pass


@pytest.mark.parametrize(
    "text",
    [
        "/nowhere/x.tar",
        "docker-archive:/nowhere",
        "oci-dir:/nowhere",
        "oci-archive:nope",
        "dir:/nope",
        "x.tar",
    ],
)
def test_what_does_not_exist_is_not_found(text: str) -> None:
    with pytest.raises(ImageNotFound), open_image(text):
        pass


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("nginx:1.25", ("registry", "nginx:1.25")),
        ("docker:nginx", ("docker", "nginx")),
        ("registry:localhost:5000/a", ("registry", "localhost:5000/a")),
        ("localhost:5000/a:1", ("registry", "localhost:5000/a:1")),
        ("bogus:1.2", ("registry", "bogus:1.2")),
        ("file/app:1.2", ("registry", "file/app:1.2")),
        ("files:1.2", ("registry", "files:1.2")),
        ("rocker:4", ("registry", "rocker:4")),
        ("docker-archiver:1.2", ("registry", "docker-archiver:1.2")),
        ("host:5000/dir/app", ("registry", "host:5000/dir/app")),
        ("r.io/oci-dirr:1", ("registry", "r.io/oci-dirr:1")),
        ("registry:file:1.2", ("registry", "file:1.2")),
    ],
)
def test_what_is_no_path_is_a_reference(text: str, scheme: tuple[str, str]) -> None:
    assert scheme_of(text) == scheme


@pytest.mark.parametrize(
    "text",
    [
        "docker-archiv:./x.tar",
        "docker-archiv:x.tar",
        "bogus:../x",
        "bogus:/x",
        "bogus:~/x",
        "bogus:some/folder",
        "oci-dirr:",
        "oci-dirr:layout",
        "docker:",
        "registry:",
        "DIR:/x",
        "Docker-Archive:x.tar",
        "file:x",
        "tar:x",
        "oci:layout:1",
        "https://r.io/app:1",
    ],
)
def test_a_mistyped_scheme_is_said_with_those_there_are(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "layout").mkdir()
    with pytest.raises(UsageError, match="docker-archive:, oci-archive:, oci-dir:"):
        scheme_of(text)


def test_a_file_that_has_a_tags_name_makes_no_scheme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latest").mkdir()
    assert scheme_of("nginx:latest") == ("registry", "nginx:latest")


def test_no_image_at_all_is_a_usage_error() -> None:
    with pytest.raises(UsageError), open_image("  "):
        pass


def test_a_folder_is_read_without_following_links(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "secret"
    outside.write_bytes(KEY_LINE)
    (root / "etc").mkdir(parents=True)
    (root / "etc/key").write_bytes(KEY_LINE)
    (root / "leak").symlink_to(outside)
    with open_image(f"dir:{root}") as opened:
        files = opened.scan(everything(searches=True, checksums=True))
        assert [hit.path for hit in files.hits] == ["/etc/key"]
        assert list(files.kept(EVERYTHING)) == ["/etc/key"]
        assert not files.has("/leak")
        assert files.checksum("/etc/key", "md5") == hashlib.md5(KEY_LINE).hexdigest()
        entry = files.entry("/leak")
        assert entry is not None
        assert (entry.type, entry.link) == ("symlink", str(outside))
        assert opened.image.size == len(KEY_LINE)


def test_a_folder_that_is_no_root_file_system_is_not_judged_as_one(tmp_path: Path) -> None:
    empty, parts = tmp_path / "empty", tmp_path / "parts"
    empty.mkdir()
    for text in (str(empty), f"dir:{empty}"):
        with (
            pytest.raises(ImageError, match="is empty: no root file system"),
            open_image(text) as opened,
        ):
            opened.scan(everything())
    parts.mkdir()
    for manifest in ('{"schemaVersion": 2}', '[{"Config": "c.json", "Layers": ["l/layer.tar"]}]'):
        (parts / "manifest.json").write_text(manifest)
        with pytest.raises(ImageError, match="the parts of an image"), open_image(str(parts)):
            pass
    with open_image(f"dir:{parts}") as opened:  # in so many words
        assert opened.scan(everything()).has("/manifest.json")
    (parts / "manifest.json").write_text('{"name": "an app for the web"}')
    with open_image(str(parts)) as opened:
        assert opened.image.source == "dir"


@pytest.mark.parametrize(
    "text", ["me:hunter2@r.io/app:1", "registry:me:hunter2@r.io/app", "https://me:hunter2@r.io/app"]
)
def test_a_password_in_a_reference_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError, match="no user and password") as caught, open_image(text):
        pass
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", ["app:1@sha256:" + "a" * 64, "r.io:5000/a:1@sha256:" + "a" * 64])
def test_a_digest_is_no_password(text: str) -> None:
    assert scheme_of(text) == ("registry", text)


def test_a_link_to_nothing_is_not_looked_for_in_a_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app").symlink_to("gone")
    Path("loop").symlink_to("loop")
    for text in ("app", "loop"):
        with pytest.raises(ImageNotFound, match="a symbolic link to nothing"), open_image(text):
            pass


def test_a_layout_folder_opens_nothing_outside_of_it(tmp_path: Path) -> None:
    path = oci_layout(tmp_path / "layout", LAYERS)
    blob = path / "blobs/sha256" / BASE.digest[7:]
    blob.rename(tmp_path / "elsewhere")
    blob.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ImageError, match="layer 0 is missing"), open_image(str(path)):
        pass


def test_what_was_kept_is_gone_with_the_image(tmp_path: Path) -> None:
    layer = make_layer({"big": bytes(300_000)})
    with open_image(str(docker_archive(tmp_path / "a.tar", [layer]))) as opened:
        files = opened.scan(everything())
        assert len(files.read("/big")) == 300_000
    with pytest.raises(ImageError, match="closed"):
        files.read("/big")


def test_many_layers_are_read_side_by_side_and_squashed_in_order(tmp_path: Path) -> None:
    layers = [make_layer({"same": str(i), f"own{i}": bytes(600_000)}, compression="none") for i in range(12)]
    with open_image(str(docker_archive(tmp_path / "a.tar", layers))) as opened:
        files = opened.scan(everything())
        assert files.read("/same") == b"11"
        assert len(list(files.entries())) == 13


def test_one_bad_layer_among_many_is_the_error(tmp_path: Path) -> None:
    layers = [make_layer({f"own{i}": bytes(600_000)}, compression="none") for i in range(12)]
    bad = replace(layers[5], blob=layers[5].blob[:-20_000])
    raw = to_json(Config().document(layers))
    path = docker_archive(tmp_path / "a.tar", [*layers[:5], bad, *layers[6:]], config=raw)
    with open_image(str(path)) as opened, pytest.raises(ImageError, match="layer 5"):
        opened.scan(everything())
