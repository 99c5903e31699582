"""
Our packages beside Syft's, image by image, as sets of (type, name, version).

    python -m benchmarks.compare_syft [--syft PROGRAM] [--types deb,npm] IMAGE...

An IMAGE is anything that both read: `docker-archive:FILE`, `oci-archive:FILE`, `dir:FOLDER`, ...
Recall is the part of Syft's packages that we find, precision the part of ours that Syft has.
The exit code is 1 where either is under `--at-least`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from anchore_gate.catalog import catalog, needs
from anchore_gate.image.links import scan
from anchore_gate.image.sources import open_image
from anchore_gate.model.inventory import Inventory

Key = tuple[str, str, str]
OURS = ("apk", "deb", "rpm", "npm", "gem", "python", "java-archive", "jenkins-plugin", "go-module")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What two tools say of one image."""

    image: str
    ours: frozenset[Key]
    theirs: frozenset[Key]

    @property
    def recall(self) -> float:
        """The part of Syft's packages that we find."""
        return _part(self.ours & self.theirs, self.theirs)

    @property
    def precision(self) -> float:
        """The part of our packages that Syft has."""
        return _part(self.ours & self.theirs, self.ours)

    def lines(self) -> list[str]:
        """The figures, then each difference: `-` only Syft has, `+` only we have."""
        head = (
            f"{self.image}: {len(self.ours)} ours, {len(self.theirs)} Syft's, "
            f"recall {self.recall:.2%}, precision {self.precision:.2%}"
        )
        signs = dict.fromkeys(self.theirs, "-") | dict.fromkeys(self.ours, "+")
        only = sorted(self.ours ^ self.theirs)
        return [head, *(f"  {signs[key]} {' '.join(key)}" for key in only)]


def _part(some: frozenset[Key], every: frozenset[Key]) -> float:
    return len(some) / len(every) if every else 1.0


def compare(image: str, *, syft: str, types: frozenset[str]) -> Comparison:
    """Ask both. Raises `GateError` for ours, `CalledProcessError` for Syft."""
    ours = {(one.type, one.name, one.version) for one in inventory_of(image).packages}
    theirs = _syft(image, program=syft)
    return Comparison(
        image=image,
        ours=frozenset(key for key in ours if key[0] in types),
        theirs=frozenset(key for key in theirs if key[0] in types),
    )


def inventory_of(image: str) -> Inventory:
    """What we catalog in an image."""
    with open_image(image) as opened:
        return catalog(scan(opened, needs()))


def _syft(image: str, *, program: str) -> set[Key]:
    settings = {"SYFT_CHECK_FOR_APP_UPDATE": "false"}
    # A folder is scanned as the root of a container here, not as a source tree.
    catalogers = ["--override-default-catalogers", "image"] if image.startswith("dir:") else []
    command = [program, "scan", image, "-q", "-o", "json", *catalogers]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env={**os.environ, **settings})
    return {(one["type"], one["name"], one["version"]) for one in json.loads(done.stdout)["artifacts"]}


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare every image named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().partition("\n")[0])
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    parser.add_argument("--syft", default=str(Path(sys.executable).with_name("syft")), help="the Syft to run")
    parser.add_argument("--types", default=",".join(OURS), help="package types to compare")
    parser.add_argument("--at-least", type=float, default=0.995, help="the least recall and precision")
    options = parser.parse_args(arguments)
    types = frozenset(options.types.split(","))
    enough = True
    for image in options.images:
        found = compare(image, syft=options.syft, types=types)
        print("\n".join(found.lines()))
        enough = enough and min(found.recall, found.precision) >= options.at_least
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
