"""What the runners of CI systems need: a gate on the PATH, a repository, registries that misbehave."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.tools import ROOT
from tests.support.web import Asked, Reply, Site, serve

# Out of nothing, and out of either kind of quotes; `&` as the gate will fail and `sh -e` would end with it.
ATTACKS = (
    "$(touch MARKER)",
    "`touch MARKER`",
    "x & touch MARKER #",
    "x' & touch MARKER #",
    'x" & touch MARKER #',
)
TEXT_WORDS = tuple(
    one["name"]
    for one in json.loads((ROOT / "ci-templates" / "inputs.json").read_text())["inputs"]
    if one["kind"] in {"text", "list", "number"}
)
TEAM_POLICY = ROOT / "examples" / "policies" / "team.json"
USER, PASSWORD = "ci-user", "s3cr3t-of-the-registry"
# As it travels in a header: as good as the password itself.
ENCODED = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def hostile_words(names: Iterable[str], marker: Path, shift: int) -> dict[str, str]:
    """A value for each name that makes `marker`, if a shell ever reads it; each `shift` turns the attacks round."""
    attacks = [text.replace("MARKER", str(marker)) for text in ATTACKS]
    return {name: attacks[(number + shift) % len(attacks)] for number, name in enumerate(names)}


def gate_command(folder: Path) -> Path:
    """`anchore-gate` in `folder`, as this checkout would install it."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "anchore-gate"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m anchore_gate "$@"\n')
    script.chmod(0o755)
    return script


def pip_commands(folder: Path) -> Path:
    """`python3` and `pip` in `folder` that install nothing: gives the file where they note what was asked."""
    asked = folder / "installed"
    note = f'echo "$*" >> "{asked}"'
    links = "".join(f' && ln -sf "{folder}/{name}" "$3/bin/"' for name in ("python3", "pip", "anchore-gate"))
    environment = f'mkdir -p "$3/bin"{links} && ln -sf python3 "$3/bin/python"'
    real = f'exec "{sys.executable}" "$@"'
    (folder / "pip").write_text(f"#!/bin/sh\n{note}\n")
    (folder / "python3").write_text(
        f'#!/bin/sh\ncase "$2" in\npip) {note} ;;\nvenv) {environment} ;;\n*) {real} ;;\nesac\n'
    )
    for name in ("pip", "python3"):
        (folder / name).chmod(0o755)
    return asked


def stub_commands(folder: Path) -> Path:
    """`docker`, `gh` and `curl` in `folder`, which do nothing: gives the file where they note what was asked."""
    folder.mkdir(parents=True, exist_ok=True)
    asked = folder / "asked"
    saving = '[ "$1" != save ] || cp built.tar "$3"\n'  # what a real build would have made
    for name in ("docker", "gh", "curl"):
        script = folder / name
        script.write_text(f'#!/bin/sh\necho "{name} $*" >> "{asked}"\n{saving if name == "docker" else ""}')
        script.chmod(0o755)
    return asked


def make_repository(folder: Path, host: str) -> None:
    """Commit everything in `folder`, as the project `team/app` of a host."""
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    origin = ["remote", "add", "origin", f"https://{host}/team/app.git"]
    for words in (["init", "-q", "-b", "main"], origin, ["add", "-A"], ["commit", "-qm", "a pipeline"]):
        subprocess.run([*git, *words], cwd=folder, check=True)


def warning_policy(folder: Path) -> Path:
    """The team's policy, with nothing that stops: a bad image only warns."""
    path = folder / "warnings.json"
    path.write_text(TEAM_POLICY.read_text().replace('"STOP"', '"WARN"'))
    return path


@contextmanager
def silent_registry() -> Iterator[str]:
    """The `host:port` of a registry that takes connections and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def telltale_registry() -> Iterator[Site]:
    """A registry that asks for a password, refuses it, and gives back all it was told, in clear text too."""

    def refuse(asked: Asked) -> Reply:
        told = asked.headers.get("authorization", "")
        clear = base64.b64decode(told.removeprefix("Basic ")).decode() if told.startswith("Basic ") else ""
        message = json.dumps({"errors": [{"code": "DENIED", "message": f"{told} {clear}"}]})
        return Reply(403 if told else 401, message.encode(), {"WWW-Authenticate": 'Basic realm="x"'})

    with serve(refuse) as site:
        yield site


def was_sent(site: Site) -> bool:
    """Whether the registry got the password: only then its silence proves anything."""
    return any(ENCODED in asked.headers.get("authorization", "") for asked in site.asked)


def text_of(folder: Path) -> str:
    """Everything that stands in the files of a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in files)
