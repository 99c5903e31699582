"""Every shell script that stands inside a pipeline file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

# A mapping that says one of these says it to a shell: GitHub, CircleCI; GitLab, Azure, Tekton; CircleCI's long form.
_KEYS = ("run", "script", "before_script", "after_script", "command")
_BASH = ("action.yml", "github", "circleci", "azure")  # the others promise a POSIX shell only


def scripts_of(path: Path) -> Iterator[tuple[str, str]]:
    """The shell and the text of each script in a file."""
    text = path.read_text()
    if path.suffix in {".yml", ".yaml"}:
        shell = "bash" if any(word in str(path) for word in _BASH) else "sh"
        for document in YAML(typ="safe", pure=True).load_all(text):
            yield from ((shell, script) for script in _scripts(document))
    elif path.suffix == ".groovy" or path.name.startswith("Jenkinsfile"):
        for script in re.findall(r"\b(?:sh|script:) '((?:[^'\\]|\\.)*)'", text):
            yield "sh", script.replace("\\'", "'")
    else:
        yield ("bash" if "bash" in text.splitlines()[0] else "sh"), text


def _scripts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _scripts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in _KEYS and isinstance(item, str):
                yield item
            elif key in _KEYS and isinstance(item, list) and all(isinstance(line, str) for line in item):
                yield "\n".join(item)
            else:
                yield from _scripts(item)
