"""Which images a run judges: named, listed in a file, or in an archive or SBOM."""

from __future__ import annotations

from pathlib import Path

from anchore_gate._file import read_limited
from anchore_gate.cli.options import BY_NAME, Settings
from anchore_gate.errors import ConfigError, UsageError
from anchore_gate.values import dataclass

_LONGEST_LIST = 1024 * 1024  # bytes of an images file


@dataclass(frozen=True, slots=True)
class Subject:
    """An image to judge, and the Dockerfile it was built from, where one is named."""

    image: str
    dockerfile: Path | None = None


def subjects_of(images: list[str], settings: Settings) -> tuple[Subject, ...]:
    """The images that are named, by whatever setting. Raises `UsageError` for none."""
    dockerfile = settings.path("dockerfile")
    named = images or _listed_images(settings)
    found = [Subject(image, dockerfile) for image in named]
    if archive := settings.text("archive"):
        found.append(Subject(archive, dockerfile))
    if sbom := settings.text("sbom"):
        found.append(Subject(f"sbom:{sbom}"))
    if (listed := settings.path("images-file")) is not None:
        found += _listed(listed)
    if not found:
        raise UsageError("no image: name one or more, or use --archive, --sbom or --images-file")
    for subject in found:
        if "@" in subject.image:
            from anchore_gate.image.sources import refuse_password

            refuse_password(subject.image)  # here, because the name of an image is in every report
    if len(found) > 1 and settings.text("tag"):
        raise UsageError("--tag names one image, but there are several")
    return tuple(found)


def _listed_images(settings: Settings) -> list[str]:
    """One image a line; in the environment several too, but a line that is a path may hold spaces."""
    lines = list(settings.items("images"))
    if settings.origin("images") != BY_NAME["images"].variable:
        return lines
    return [name for line in lines for name in ([line] if Path(line).exists() else line.split())]


def _listed(path: Path) -> list[Subject]:
    """The lines of Jenkins' `anchore_images` file: `IMAGE [DOCKERFILE]`."""
    what = f"--images-file {path}"
    try:
        text = read_limited(path, _LONGEST_LIST, what=what).decode()
    except UnicodeDecodeError as problem:
        raise ConfigError(f"{what}: {problem}") from problem
    lines = (line.split() for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return [Subject(words[0], Path(words[1]) if len(words) > 1 else None) for words in lines]
