"""The image, and its base image, as a service is told of them."""

from __future__ import annotations

from anchore_gate.engine.engine import Request
from anchore_gate.errors import InvalidReference, UsageError
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import ImageReference, Platform
from anchore_gate.values import replace


def reference_of(request: Request) -> ImageReference:
    """What the service pulls, and under which tag. Raises `UsageError`."""
    from anchore_gate.image.sources import SCHEMES

    scheme, colon, rest = request.image.partition(":")
    text = rest if colon and scheme == "registry" else request.image
    try:
        if colon and scheme in SCHEMES and scheme != "registry":
            raise InvalidReference(f"{scheme} is a place on this machine")
        reference = ImageReference.parse(text)
    except InvalidReference as problem:
        raise UsageError(
            f"{request.image!r}: an Anchore service pulls from a registry, so a reference is expected"
        ) from problem
    if request.tag:
        named = ImageReference.parse(request.tag)
        if (named.registry, named.repository) != (reference.registry, reference.repository):
            raise UsageError(f"--tag {request.tag!r} names another repository than {request.image!r}")
        reference = replace(reference, tag=named.tag)
    if reference.digest is not None and reference.tag is None:
        raise UsageError(
            f"{request.image!r}: a service wants a tag with the digest: NAME:TAG@DIGEST, or --tag"
        )
    if request.platform not in (None, Platform()) and reference.digest is None:
        raise UsageError("--platform: a service takes linux/amd64; name another image by its digest")
    return reference


def base_digest(text: str) -> str:
    """`auto`, or the digest in a reference. Raises `UsageError`."""
    if text in {"", "auto"}:
        return text
    try:
        return str(Digest.parse(text.rpartition("@")[2]))
    except InvalidReference as problem:
        raise UsageError(
            f"--base-image {text!r}: a service compares with a digest (NAME@sha256:...) or `auto`"
        ) from problem
