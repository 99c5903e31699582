"""Write a working pipeline into this repository. Asks nothing that it can find out; never overwrites."""

from __future__ import annotations

import argparse
import re
from importlib.resources import files
from pathlib import Path

from anchore_gate.cli.terminal import say
from anchore_gate.errors import ConfigError, UsageError
from anchore_gate.regex import regex

_TARGETS = {
    "github": ("github{}.yml", ".github/workflows/anchore-gate.yml"),
    "gitlab": ("gitlab{}.yml", ".gitlab-ci.yml"),
    "jenkins": ("jenkins{}.groovy", "Jenkinsfile"),
}
# What may stand in the files that are written: nothing that a shell, YAML or Groovy would read otherwise.
_SAFE = regex(r"[A-Za-z0-9_./:@-]*")
_BUILD = regex(r"(?m)^.*@BUILD@\n")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `anchore-gate init`."""
    parser.add_argument("system", choices=sorted(_TARGETS), help="the CI system")
    parser.add_argument(
        "--image", default="", help="archive or reference to judge (default: what is found here)"
    )
    parser.add_argument("--policy", default="", help="policy file or name (default: what is found here)")


def run(args: argparse.Namespace) -> int:
    """Write the pipeline, and say what it will do."""
    here = Path.cwd()
    template, place = _TARGETS[args.system]
    target = here / place
    if target.exists():
        raise ConfigError(f"{place} is there already: it is not overwritten")
    words = _words(here, args.image, args.policy)
    for name, value in words.items():
        if not _SAFE.fullmatch(value):
            raise UsageError(f"{value!r} cannot stand in a pipeline ({name.strip('@').lower()})")
    templates = files("anchore_gate.cli") / "templates"
    build = (templates / template.format("-build")).read_text() if _builds(here, args.system, words) else ""
    text = _BUILD.sub(lambda _: build, (templates / template.format("")).read_text())
    for name, value in words.items():
        text = text.replace(name, value)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x") as out:
            out.write(text)
    except OSError as problem:
        raise ConfigError(f"{place}: {problem.strerror}") from problem
    say(f"wrote {place}")
    say(f"  image       {words['@ARCHIVE@']}" + (" (built by the pipeline)" if build else ""))
    say(f"  policy      {words['@POLICY@']}")
    say(f"  dockerfile  {words['@DOCKERFILE@'] or 'none found: guessed from the image'}")
    return 0


def _words(here: Path, image: str, policy: str) -> dict[str, str]:
    """What can be found out: the image's archive, its name, the Dockerfile, the policy."""
    dockerfile = next((name for name in ("Dockerfile", "Containerfile") if (here / name).is_file()), "")
    archives = sorted(path.name for path in here.glob("*.tar"))
    found = image or (archives[0] if archives else "image.tar")
    policies = (".anchore/policy.json", "policy.json", "anchore-policy.json")
    if not (image or archives or dockerfile):
        raise UsageError("nothing to judge is found here, no Dockerfile and no *.tar: name it by --image")
    chosen = policy or next((name for name in policies if (here / name).is_file()), "anchore-default")
    name = re.sub(r"[^a-z0-9._-]+", "-", here.name.lower()).strip("-._") or "app"
    is_file = found.endswith(".tar") or (here / found).exists()
    return {
        "@ARCHIVE@": found,
        "@IMAGE@": f"{name}:latest" if is_file else found,
        "@DOCKERFILE@": dockerfile,
        "@POLICY@": chosen,
    }


def _builds(here: Path, system: str, words: dict[str, str]) -> bool:
    """Whether the pipeline makes the archive. GitHub's may: it looks first if the checkout has one."""
    archive, dockerfile = words["@ARCHIVE@"], words["@DOCKERFILE@"]
    is_made = system == "github" or not (here / archive).exists()
    return bool(dockerfile) and archive.endswith(".tar") and is_made
