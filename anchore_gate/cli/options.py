"""
Every setting, declared once: its flag, its `ANCHORE_GATE_*` variable, its key in the config file.

A flag wins over the environment, the environment over the file, the file over the default.
Secrets have no flag and no key in the file: they come by the environment only.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from anchore_gate.errors import ConfigError
from anchore_gate.typed import Any
from anchore_gate.values import dataclass

TRUE_WORDS, FALSE_WORDS = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One setting."""

    name: str  # kebab case, as in the flag
    group: str  # input, policy, report, output, registry, remote, db, run
    help: str
    default: str = ""
    kind: str = "text"  # text, flag, number, list, choice
    choices: tuple[str, ...] = ()
    metavar: str = ""
    is_secret: bool = False
    is_argument: bool = False  # stands on the command line without a flag
    short: str = ""  # `-v`

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return "ANCHORE_GATE_" + self.name.upper().replace("-", "_")


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it came from: `flag`, a variable's name, a file, or `default`."""

    value: str
    origin: str


def _option(
    group: str, name: str, help: str, default: str = "", kind: str = "text", metavar: str = ""
) -> Option:
    return Option(name=name, group=group, help=help, default=default, kind=kind, metavar=metavar)


def _choice(group: str, name: str, choices: str, help: str, default: str) -> Option:
    return Option(
        name=name, group=group, help=help, default=default, kind="choice", choices=tuple(choices.split())
    )


def _secret(group: str, name: str, help: str) -> Option:
    return Option(name=name, group=group, help=help, is_secret=True)


OPTIONS: tuple[Option, ...] = (
    Option(
        name="images",
        group="input",
        help="images to judge, one a line: reference, archive, layout or folder",
        kind="list",
        is_argument=True,
    ),
    _option("input", "images-file", "file with one image a line, `IMAGE [DOCKERFILE]`", metavar="FILE"),
    _option("input", "archive", "image archive or layout folder to judge", metavar="PATH"),
    _option("input", "sbom", "CycloneDX, SPDX or Syft JSON to judge", metavar="FILE"),
    _option("input", "tag", "the name that mappings see, when the image comes from a file", metavar="REF"),
    _option("input", "platform", "os/architecture[/variant] to choose from an index", metavar="PLATFORM"),
    _option("input", "dockerfile", "the Dockerfile the image was built from", metavar="FILE"),
    _option("input", "annotations", "KEY=VALUE, kept with the result", kind="list", metavar="KEY=VALUE"),
    _option("policy", "policy", "policy file, or the name of a shipped one", metavar="FILE|NAME"),
    _option("policy", "policy-id", "id of a policy the Anchore service has (remote)", metavar="ID"),
    _option("policy", "allowlist", "file with a further allowlist", kind="list", metavar="FILE"),
    _option("policy", "severity-cutoff", "without a policy file: stop at this severity", metavar="SEVERITY"),
    _option(
        "policy", "only-fixed", "vulnerabilities without a fix do not count; reports show them", kind="flag"
    ),
    _option("policy", "baseline", "result.json of an earlier run: its findings are known", metavar="FILE"),
    _option("policy", "new-only", "known findings (--baseline) do not count; reports show them", kind="flag"),
    _option("policy", "base-image", "the image this one was built on", metavar="IMAGE"),
    _option("policy", "exclude-inherited", "findings of the base image do not count", kind="flag"),
    _option("policy", "vex", "OpenVEX, CSAF or CycloneDX VEX document", kind="list", metavar="FILE"),
    _choice("policy", "fail-on", "stop warn never", "the action that fails the run", "stop"),
    _choice("policy", "unmapped", "go warn stop", "what an image gets that no mapping matches", "stop"),
    _choice("policy", "unsupported", "stop warn", "what a rule gets that only a service can answer", "stop"),
    _choice("policy", "incomparable", "stop warn", "what a version gets that cannot be compared", "stop"),
    _option("policy", "analyzer-config", "Anchore's analyzer_config.yaml, or ours", metavar="FILE"),
    _option(
        "policy", "secrets-max-size", "longest file searched for secrets, bytes", "1048576", "number", "BYTES"
    ),
    _option(
        "report",
        "format",
        "write a report: NAME=PATH (`-` is standard output)",
        kind="list",
        metavar="NAME=PATH",
    ),
    _option("report", "report-dir", "write every report into this folder", metavar="DIR"),
    _choice("report", "junit-warn", "pass skipped failure", "what a warning is in JUnit", "pass"),
    _option("report", "sarif-category", "prefix of SARIF's automation id", "anchore-gate", metavar="TEXT"),
    _choice("report", "ci", "auto github gitlab jenkins none", "speak to this CI system too", "auto"),
    _option(
        "registry",
        "registry-host",
        "whose user, token and client certificate these are",
        metavar="HOST[:PORT]",
    ),
    Option(name="quiet", group="output", help="print the verdict line only", kind="flag", short="-q"),
    Option(
        name="verbose", group="output", help="print every finding, and log steps", kind="flag", short="-v"
    ),
    _option("registry", "registry-username", "user of the registry", metavar="NAME"),
    _secret("registry", "registry-password", "password of the registry"),
    _secret("registry", "registry-token", "bearer token of the registry"),
    _option("registry", "registry-ca", "PEM file with the registry's certificate authority", metavar="FILE"),
    _option("registry", "registry-cert", "PEM file with a client certificate", metavar="FILE"),
    _option("registry", "registry-key", "PEM file with the client certificate's key", metavar="FILE"),
    _option("registry", "registry-insecure", "allow http and unknown certificates", kind="flag"),
    _option(
        "registry", "registry-mirror", "REGISTRY=MIRROR to ask first", kind="list", metavar="REGISTRY=MIRROR"
    ),
    _choice("remote", "engine", "auto local remote", "who looks: this process or an Anchore service", "auto"),
    _option("remote", "url", "address of the Anchore service", metavar="URL"),
    _option("remote", "username", "user of the Anchore service", metavar="NAME"),
    _secret("remote", "password", "password of the Anchore service"),
    _secret("remote", "token", "API key or token of the Anchore service"),
    _choice(
        "remote", "login", "basic oauth", "send user and password every time, or once for a token", "basic"
    ),
    _option("remote", "account", "account of the Anchore service to act in", metavar="NAME"),
    _option("remote", "ca", "PEM file with the service's certificate authority", metavar="FILE"),
    _option("remote", "cert", "PEM file with a client certificate for the service", metavar="FILE"),
    _option("remote", "key", "PEM file with that certificate's key", metavar="FILE"),
    _option("remote", "insecure", "do not verify the service's certificate", kind="flag"),
    _option("remote", "force", "have the service analyse the image again", kind="flag"),
    _option(
        "remote",
        "subscribe",
        "tag_update, vuln_update, policy_eval, analysis_update",
        kind="list",
        metavar="NAME",
    ),
    _option("remote", "keep-policy", "leave an uploaded policy on the service", kind="flag"),
    _option("db", "db", "vulnerability database file to use", metavar="FILE"),
    _option("db", "db-url", "where the database is published, or a mirror", metavar="URL"),
    _option("db", "db-max-age", "oldest data that may decide, e.g. 5d or 12h", "5d", metavar="AGE"),
    _choice("db", "db-auto-update", "auto never", "fetch data when missing or too old", "auto"),
    _option("db", "db-ca", "PEM file with the database server's certificate authority", metavar="FILE"),
    _option("run", "offline", "use no network at all", kind="flag"),
    _option("run", "timeout", "seconds for the whole run", "600", "number", "SECONDS"),
    _option("run", "jobs", "images judged at a time", "4", "number", "N"),
    _choice("run", "on-error", "fail warn", "what `no verdict` does: fail, or say so and go on", "fail"),
)
BY_NAME = {option.name: option for option in OPTIONS}
ANALYZER = "analyzer"  # a table, which only the config file holds


def add_options(parser: argparse.ArgumentParser, *groups: str) -> None:
    """Declare the flags of some groups."""
    for group in groups:
        section = parser.add_argument_group(group)
        for option in OPTIONS:
            if option.group == group and not (option.is_secret or option.is_argument):
                _add_flag(section, option)


def _add_flag(section: argparse._ArgumentGroup, option: Option) -> None:
    text = option.help.replace("%", "%%") + (f" (default {option.default})" if option.default else "")
    flags = [*([option.short] if option.short else []), f"--{option.name}"]
    if option.kind == "flag":
        section.add_argument(*flags, action=argparse.BooleanOptionalAction, default=None, help=text)
    elif option.kind == "list":
        if option.name == "annotations":
            flags.append("--annotation")
        section.add_argument(*flags, action="append", default=None, metavar=option.metavar, help=text)
    else:
        choices = option.choices or None
        section.add_argument(*flags, choices=choices, default=None, metavar=option.metavar or None, help=text)


class Settings:
    """The settings of a run, each with its origin."""

    def __init__(self, found: Mapping[str, Setting]) -> None:
        self._found = dict(found)

    def origin(self, name: str) -> str:
        """Where a value came from."""
        return self._found[name].origin

    def text(self, name: str) -> str:
        """A value as text, "" where it is not set."""
        return self._found[name].value

    def path(self, name: str) -> Path | None:
        """A value as a path, None where it is not set."""
        value = self.text(name)
        return Path(value) if value else None

    def flag(self, name: str) -> bool:
        """A switch. Raises `ConfigError`."""
        word = self.text(name).strip().lower()
        if word in TRUE_WORDS:
            return True
        if word in FALSE_WORDS:
            return False
        raise ConfigError(f"{self._where(name)}: neither true nor false: {self.text(name)!r}")

    def number(self, name: str) -> int:
        """A whole number, zero or more. Raises `ConfigError`."""
        text = self.text(name).strip()
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise ConfigError(f"{self._where(name)}: not a whole number: {self.text(name)!r}")
        return int(text)

    def items(self, name: str) -> tuple[str, ...]:
        """A list: one item a line."""
        return tuple(line.strip() for line in self.text(name).splitlines() if line.strip())

    def analyzer(self) -> tuple[Any, str]:
        """The config file's table of what is looked for in files, and which file that is."""
        setting = self._found.get(ANALYZER, Setting("{}", "default"))
        return json.loads(setting.value), setting.origin

    def _where(self, name: str) -> str:
        origin = self.origin(name)
        return f"--{name}" if origin in {"flag", "default"} else f"{name} ({origin})"


def settle(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    file: Mapping[str, Setting],
    groups: Iterable[str],
) -> Settings:
    """
    Join flags, environment and file into the settings of a command. Raises `ConfigError`.

    A choice outside its words is refused wherever it was written.
    """
    wanted = frozenset(groups)
    found: dict[str, Setting] = {}
    for option in OPTIONS:
        if option.group in wanted:
            found[option.name] = _settle(option, flags, environ, file)
    if ANALYZER in file:
        found[ANALYZER] = file[ANALYZER]
    return Settings(found)


def _settle(
    option: Option, flags: Mapping[str, object], environ: Mapping[str, str], file: Mapping[str, Setting]
) -> Setting:
    setting = Setting(option.default, "default")
    given = flags.get(option.name.replace("-", "_"))
    if given is not None and given != []:
        setting = Setting(_as_text(given), "flag")
    elif environ.get(option.variable, "") != "":
        setting = Setting(environ[option.variable], option.variable)
    elif option.name in file:
        setting = file[option.name]
    if option.choices and setting.value not in option.choices:
        raise ConfigError(
            f"{option.name} ({setting.origin}): {setting.value!r} is none of {', '.join(option.choices)}"
        )
    return setting


def _as_text(given: object) -> str:
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, list | tuple):
        return "\n".join(str(item) for item in given)
    return str(given)
