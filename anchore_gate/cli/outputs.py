"""Commands that look at one image and write what they see, in one form or several."""

from __future__ import annotations

import argparse
from collections.abc import Collection

from anchore_gate.errors import UsageError


def add_image(parser: argparse.ArgumentParser, formats: Collection[str]) -> None:
    """Declare the image and where what is seen of it goes."""
    parser.add_argument("image", metavar="IMAGE", help="reference, archive, layout, folder, or sbom:FILE")
    parser.add_argument(
        "-o",
        "--output",
        action="append",
        metavar="FORMAT[=FILE]",
        help=f"{', '.join(formats)}; to a file or to standard output (default: table); may be repeated",
    )
    parser.add_argument("--platform", metavar="PLATFORM", help="os/architecture[/variant] of an index")


def outputs(args: argparse.Namespace, formats: Collection[str]) -> list[tuple[str, str]]:
    """Forms and their files, "" for standard output. Raises `UsageError`."""
    return [_output(text, formats) for text in args.output or ["table"]]


def _output(text: str, formats: Collection[str]) -> tuple[str, str]:
    kind, equals, file = text.partition("=")
    if kind not in formats or (equals and not file):
        raise UsageError(f"--output {text!r}: FORMAT[=FILE] with FORMAT one of {', '.join(formats)}")
    return kind, file
