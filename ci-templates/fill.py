"""
Write the words of `inputs.json` into the templates and into docs/ci.md: `python ci-templates/fill.py`.

A section stands between `made from inputs.json: NAME` and `end of NAME`; everything else is written by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Word = dict[str, Any]
DOCUMENT = json.loads((HERE / "inputs.json").read_text())
WORDS: list[Word] = DOCUMENT["inputs"]
CREDENTIALS: list[Word] = DOCUMENT["credentials"]


def snake(name: str) -> str:
    """How GitLab spells a name."""
    return name.replace("-", "_")


def camel(name: str) -> str:
    """How Jenkins spells a name."""
    first, *rest = name.split("-")
    return first + "".join(word.capitalize() for word in rest)


def choices(word: Word) -> list[str]:
    """What the value may be, where that is a list."""
    return ["true", "false"] if word["kind"] == "flag" else word["choices"]


def described(word: Word) -> str:
    """What it is, what it may be, and what holds when nothing is said."""
    told = [", ".join(choices(word))] if choices(word) else []
    if word["default"] and not word["given"]:
        told.append(f"default {word['default']}")
    return f"{word['help']} ({'; '.join(told)})" if told else str(word["help"])


def github_inputs() -> list[str]:
    """The declared inputs of the action."""
    lines = []
    for word in WORDS + CREDENTIALS:
        what, given = json.dumps(described(word)), json.dumps(word["given"])
        lines.append(f"  {word['name']}: {{description: {what}, default: {given}}}")
    return lines


def github_variables() -> list[str]:
    """What the action's step gets: an input, or else what the job's environment says."""
    names = [(word["variable"], word["name"]) for word in WORDS + CREDENTIALS]
    return [f"        {variable}: ${{{{ inputs.{name} || env.{variable} }}}}" for variable, name in names]


def gitlab_inputs() -> list[str]:
    """The `spec: inputs` of the template."""
    lines = []
    for word in WORDS:
        options = f"options: {json.dumps(['', *choices(word)])}, " if choices(word) else ""
        what, given = json.dumps(described(word)), json.dumps(word["given"])
        lines.append(
            f"    {snake(word['name'])}: {{description: {what}, type: string, {options}default: {given}}}"
        )
    return lines


def gitlab_variables() -> list[str]:
    """The variables of the job."""
    return [f'    {word["variable"]}: "$[[ inputs.{snake(word["name"])} ]]"' for word in WORDS]


def jenkins_words() -> list[Word]:
    """`onError` is the step's own word: it knows `unstable` too."""
    return [word for word in WORDS if word["name"] != "on-error"]


def jenkins_defaults() -> list[str]:
    """The parameters of the step."""
    return [
        f"        {camel(word['name'])}: '{word['given']}',".ljust(50) + f"// {described(word)}"
        for word in jenkins_words()
    ]


def jenkins_variables() -> list[str]:
    """The variable behind each parameter."""
    return [f"        {camel(word['name'])}: '{word['variable']}'," for word in jenkins_words()]


def jenkins_help() -> list[str]:
    """The page that Jenkins shows for the step."""
    pairs = [(camel(word["name"]), described(word)) for word in jenkins_words()]
    return [
        f"<dt>{name}</dt><dd>{text.replace('&', '&amp;').replace('<', '&lt;')}</dd>" for name, text in pairs
    ]


def page_words() -> list[str]:
    """The table of docs/ci.md."""
    lines = ["| CLI, GitHub | GitLab | Jenkins | variable | default | what |", "|---|---|---|---|---|---|"]
    for word in WORDS:
        name = word["name"]
        jenkins = camel(name) + (" (failure, unstable, ignore)" if name == "on-error" else "")
        what = word["help"] + (f" ({', '.join(word['choices'])})" if word["choices"] else "")
        default = word["given"] or word["default"] or "-"
        row = (name, snake(name), jenkins, f"`{word['variable']}`", default, what.replace("|", " or "))
        lines.append(f"| {' | '.join(row)} |")
    return lines


def page_left_out() -> list[str]:
    """What the command line knows and the templates do not, and why."""
    reasons = DOCUMENT["left_out"].items()
    return ["| left out | why |", "|---|---|", *(f"| `{name}` | {reason} |" for name, reason in reasons)]


PLACES: dict[str, dict[str, Callable[[], list[str]]]] = {
    "github/action.yml": {"inputs": github_inputs, "variables": github_variables},
    "gitlab/anchore-gate.yml": {"inputs": gitlab_inputs, "variables": gitlab_variables},
    "jenkins/vars/anchoreGate.groovy": {"defaults": jenkins_defaults, "variables": jenkins_variables},
    "jenkins/vars/anchoreGate.txt": {"parameters": jenkins_help},
    "../docs/ci.md": {"words": page_words, "reasons": page_left_out},
}


def filled(place: str) -> str:
    """The text of a file, its sections as `inputs.json` has them. Raises `ValueError` without one."""
    text = (HERE / place).read_text()
    for name, lines in PLACES[place].items():
        section = re.compile(
            rf"(^[^\n]*made from inputs\.json: {name}\b[^\n]*\n).*?(^[^\n]*end of {name}\b)", re.M | re.S
        )
        if not section.search(text):
            raise ValueError(f"{place}: no section {name!r}")
        body = "".join(f"{line}\n" for line in lines())
        text = section.sub(lambda match, body=body: match[1] + body + match[2], text)
    return text


# GitLab looks for components in this folder, and follows no symbolic link.
COMPONENT = "../templates/anchore-gate.yml"


if __name__ == "__main__":
    for changed in PLACES:
        (HERE / changed).write_text(filled(changed))
    (HERE / COMPONENT).write_text((HERE / "gitlab/anchore-gate.yml").read_text())
