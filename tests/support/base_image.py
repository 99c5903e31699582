"""A base image made from this machine, where none can be pulled: its Python, pip, a shell and what they link to."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
_STDLIB = Path(sys.base_prefix) / "lib" / PYTHON
_WITHOUT = shutil.ignore_patterns(
    "site-packages",
    "dist-packages",
    "ensurepip",
    "test",
    "tests",
    "idlelib",
    "tkinter",
    "__pycache__",
    "config-*",
    "*.a",
)


def make_rootfs(root: Path) -> None:
    """Files of a system on which `python -m pip install` (from /wheels) and `useradd` work."""
    for folder in ("bin", "usr/local/bin", "usr/sbin", "tmp", "etc", "home", "root", "proc", "dev", "sys"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    shutil.copytree(_STDLIB, root / "usr/local/lib" / PYTHON, ignore=_WITHOUT)
    for source, inside in _files(distribution("pip")):
        for site in ("site-packages", "dist-packages"):  # the second is where Debian's Python looks
            target = root / "usr/local/lib" / PYTHON / site / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    (root / "etc/pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
    programs = {
        "usr/local/bin/python": Path(sys.base_prefix) / "bin" / PYTHON,
        "bin/sh": Path(str(shutil.which("sh"))),
        "usr/sbin/useradd": Path(str(shutil.which("useradd", path="/usr/sbin:/usr/bin"))),
    }
    for place, program in programs.items():
        shutil.copy(program.resolve(), root / place)
    linked = [*programs.values(), *(_STDLIB / "lib-dynload").glob("*.so")]
    for library in _libraries(linked):
        (root / library).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(f"/{library}", root / library)


def has_setuptools(least: int) -> bool:
    """Whether setuptools of that version, or a later one, is installed here."""
    try:
        return int(distribution("setuptools").version.split(".")[0]) >= least
    except PackageNotFoundError:
        return False


def make_wheels(folder: Path, requirements: Iterable[str]) -> None:
    """Wheels of these and of all that they need, made from what is installed here."""
    waiting, seen = [Requirement(text) for text in requirements], set[str]()
    while waiting:
        requirement = waiting.pop()
        marker = requirement.marker
        if requirement.name in seen or not (marker is None or marker.evaluate({"extra": ""})):
            continue
        seen.add(requirement.name)
        found = distribution(requirement.name)
        _write_wheel(folder, found)
        waiting += [Requirement(text) for text in found.requires or ()]


def _write_wheel(folder: Path, found: Distribution) -> None:
    tags = re.findall(r"^Tag: (\S+)-(\S+)-(\S+)$", found.read_text("WHEEL") or "", re.MULTILINE)
    parts = (".".join(dict.fromkeys(column)) for column in zip(*tags, strict=True))
    name = re.sub(r"[-_.]+", "_", found.metadata["Name"])
    with zipfile.ZipFile(folder / f"{name}-{found.version}-{'-'.join(parts)}.whl", "w") as wheel:
        packed = list(_files(found))
        record = next(
            str(inside)
            for _, inside in packed
            if inside.match("*.dist-info/RECORD") and len(inside.parts) == 2
        )
        packed = [(source, inside) for source, inside in packed if str(inside) != record]
        for source, inside in packed:
            wheel.write(source, str(inside))
        wheel.writestr(record, "".join(f"{inside},,\n" for _, inside in packed) + f"{record},,\n")


def _files(found: Distribution) -> Iterator[tuple[Path, Path]]:
    """What a distribution has in site-packages, and under which path."""
    for path in found.files or ():
        if ".." not in path.parts and "__pycache__" not in path.parts:
            yield Path(str(path.locate())), Path(*path.parts)


def _libraries(programs: Iterable[Path]) -> set[str]:
    """Everything that programs and modules are linked with, without the slash in front."""
    found: set[str] = set()
    for program in programs:
        told = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False).stdout
        found |= {path.lstrip("/") for path in re.findall(r"(/\S+) \(0x", told)}
    return found
