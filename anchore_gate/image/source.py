"""The shape of an image source, and of an image while its layers can still be read."""

from __future__ import annotations

from contextlib import AbstractContextManager

from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import Needs
from anchore_gate.model.image import Image, Platform
from anchore_gate.typed import Protocol
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDocuments:
    """Manifest and config, byte for byte: what somebody who gets the image without its layers is given."""

    manifest: bytes
    media_type: str
    config: bytes


class OpenImage(Protocol):
    """An image while its layers can still be read."""

    @property
    def image(self) -> Image:
        """What manifest and config say."""

    @property
    def documents(self) -> ImageDocuments | None:
        """Manifest and config, None where the place has none to show."""

    def scan(self, needs: Needs) -> Filesystem:
        """
        Read every layer once, from the top down, and keep what was asked for.

        Raises `ImageError` for content that is damaged, hostile or not what its digest says.
        """


class ImageSource(Protocol):
    """A place images live. One per scheme."""

    @property
    def scheme(self) -> str:
        """The word before the colon, e.g. `oci-dir`."""

    def open(self, location: str, *, platform: Platform | None) -> AbstractContextManager[OpenImage]:
        """
        Hold the image at `location` (the text after the scheme) open.

        Raises `ImageError`, `RegistryError`, `NetworkError`.
        """
