"""Zip archives for tests, from names and contents."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping


def zipped(members: Mapping[str, bytes | str], *, stored: bool = False) -> bytes:
    """An archive with these members, in order."""
    stream = io.BytesIO()
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def jar(manifest: str = "", /, **members: bytes | str) -> bytes:
    """A Java archive with a manifest."""
    return zipped({"META-INF/MANIFEST.MF": f"Manifest-Version: 1.0\n{manifest}\n", **members})


def pom_properties(group: str, artifact: str, version: str) -> dict[str, bytes | str]:
    """What Maven writes into an archive about itself."""
    text = f"# made by Maven\ngroupId={group}\nartifactId={artifact}\nversion={version}\n"
    return {f"META-INF/maven/{group}/{artifact}/pom.properties": text}
