"""Gate `packages`: what is installed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from anchore_gate.errors import PolicyError
from anchore_gate.image.filesystem import FileEntry
from anchore_gate.image.needs import Checksums, Needs
from anchore_gate.model.evaluation import Finding
from anchore_gate.model.inventory import Package, PackageFile
from anchore_gate.policy.comparison import compare, full_versions, is_lower, spellings
from anchore_gate.policy.expression import Expression
from anchore_gate.policy.parameter import COMPARISONS, TEXT, WORDS, choice, parameter
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.policy.trigger import Evidence, Gate, PackagesTrigger, Trigger, name_key
from anchore_gate.policy.wording import is_of_type, written_name
from anchore_gate.typed import ClassVar, Final
from anchore_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredPackage(PackagesTrigger):
    """Fires when a package is not installed, or not in the version that is asked for."""

    GATE: ClassVar[str] = "packages"
    NAME: ClassVar[str] = "required_package"

    name: str = parameter(TEXT, description="The package", example="libssl")
    version: str | None = parameter(TEXT, description="Its version", example="1.10.3rc3", default=None)
    version_match_type: str = parameter(
        choice("exact", "minimum"), description="How versions compare", example="exact", default="exact"
    )

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        # Engine asks the first alone, and reads those of the distribution before others
        named = evidence.packages_named(self.name)
        installed = min(named, key=lambda one: not one.is_os, default=None)
        if installed is None:
            wanted = f"{self.name},{self.version}" if self.version else self.name
            yield self.found(f"Required input package ({wanted}) is not present in container image")
        elif self.version is not None and self.version not in full_versions(installed):
            yield from self._other_version(installed, self.version)

    def _other_version(self, installed: Package, wanted: str) -> Iterator[Finding]:
        fix, version = f"install {self.name} {wanted}", installed.version
        if self.version_match_type == "exact":
            # Engine prints the name where it means the version: the id rests on it
            yield self.found(
                f"Required input package ({self.name}) is present ({version}), "
                f"but not at the version specified in policy ({self.name})",
                package=installed,
                fix=fix,
            )
        elif wanted and is_lower(installed, wanted):
            yield self.found(
                f"Required min-version input package ({self.name}) is present ({version}), "
                f"but is lower version than what is specified in policy ({wanted})",
                package=installed,
                fix=fix,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify(Trigger):
    """Fires for each file that is not as the package database says: changed, or missing."""

    GATE: ClassVar[str] = "packages"
    NAME: ClassVar[str] = "verify"

    only_packages: tuple[str, ...] = parameter(
        WORDS, description="Only these packages", example="libssl,openssl", default=()
    )
    only_directories: tuple[str, ...] = parameter(
        WORDS, description="Only paths that start like this", example="/usr,/var/lib", default=()
    )
    check: str | None = parameter(
        choice("changed", "missing"), description="Only this check", example="changed", default=None
    )

    def needs(self, settings: AnalyzerSettings) -> Needs:
        """See `Trigger.needs`."""
        del settings
        starts = "|".join(re.escape(one) for one in self.only_directories)
        every = Checksums(
            pattern=f"(?s:(?:{starts}).*)" if starts else "(?s:.*)",
            algorithms=frozenset({"sha256", "sha1", "md5"}),
        )
        checksums = () if self.check == "missing" else (every,)
        return Needs(packages=True, package_files=True, checksums=checksums)

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        if evidence.image.source == "sbom":
            raise PolicyError(
                "the packages' files cannot be verified: only a list of the packages is at hand"
            )
        for package, files in evidence.inventory.files:
            if self.only_packages and package.name not in self.only_packages:
                continue
            for file in files:
                times = self._times(file.path) if _is_recorded(package, file) else 0
                status = _status(file, evidence) if times else None
                if status and self.check in {None, status}:
                    finding = self.found(
                        f"VERIFY check against package db for package '{package.name}' failed on entry "
                        f"'{file.path}' with status: '{status}'",
                        path=file.path,
                        package=package,
                    )
                    yield from [finding] * times

    def _times(self, path: str) -> int:
        """How often a path is looked at: once for each folder that it is in, as Engine does."""
        return sum(map(path.startswith, self.only_directories)) if self.only_directories else 1


def _is_recorded(package: Package, file: PackageFile) -> bool:
    """Whether Engine reads it: of dpkg and apk what has a checksum or is a configuration file, no folders."""
    return package.type not in {"deb", "apk"} or bool(file.digest) or file.is_config


def _status(file: PackageFile, evidence: Evidence) -> str | None:
    files = evidence.filesystem
    entry = files.entry(file.path)
    if entry is None:
        # the database may name a path through a link, as /bin/x where /bin is usr/bin
        resolved = files.resolve(file.path)
        entry = files.entry(resolved) if resolved else None
    if entry is None:
        return "missing"
    if file.is_config:
        return None
    return "changed" if _is_changed(file, entry, evidence) else None


def _is_changed(file: PackageFile, entry: FileEntry, evidence: Evidence) -> bool:
    if entry.type == "file" and file.digest and file.algorithm:
        actual = evidence.filesystem.checksum(entry.path, file.algorithm)
        if actual is not None and actual != file.digest:
            return True
    if entry.type in {"file", "dir"} and file.mode and entry.mode:
        recorded, actual_mode = f"{file.mode:o}", f"{entry.mode:o}"
        length = min(len(recorded), len(actual_mode))
        if recorded[-length:] != actual_mode[-length:]:
            return True
    return entry.type == "file" and bool(file.size and entry.size) and file.size != entry.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Denylist(PackagesTrigger):
    """Fires for each installed package of a name, in any version or in one."""

    GATE: ClassVar[str] = "packages"
    NAME: ClassVar[str] = "denylist"

    name: str = parameter(TEXT, description="The package", example="openssh-server")
    version: str | None = parameter(TEXT, description="Its version", example="1.0.1", default=None)

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        suffix = f"-{self.version}" if self.version else ""
        for package in evidence.packages_named(self.name):
            if not self.version or self.version in spellings(package):
                yield self.found_package(
                    f"Package is denylisted: {self.name}{suffix}", package, fix=f"remove {self.name}"
                )


_TEXT_CHECKS = ("=", "!=", "like", "not_like")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata(PackagesTrigger):
    """Fires for each installed package whose name, version and type are as asked (Enterprise)."""

    GATE: ClassVar[str] = "packages"
    NAME: ClassVar[str] = "metadata"

    name: str | None = parameter(TEXT, description="Package name", example="openssl", default=None)
    name_comparison: str = parameter(
        choice(*_TEXT_CHECKS), description="How names compare", example="=", default="="
    )
    version: str | None = parameter(TEXT, description="Package version", example="3.0.11", default=None)
    version_comparison: str = parameter(
        choice(*COMPARISONS, "like", "not_like"),
        description="How versions compare",
        example="<",
        default="=",
    )
    type: str | None = parameter(TEXT, description="Package type", example="deb", default=None)
    type_comparison: str = parameter(choice("=", "!="), description="How types compare", default="=")

    def __post_init__(self) -> None:
        for check, value in ((self.name_comparison, self.name), (self.version_comparison, self.version)):
            if check.endswith("like") and value is not None:
                Expression(value)
        if self.name is None and self.version is None and self.type is None:
            raise ValueError("one of name, version, type is required")

    def fire(self, evidence: Evidence) -> Iterator[Finding]:
        """See `Trigger.fire`."""
        for package in evidence.inventory.packages:
            if self._has_name(package) and self._has_type(package) and self._has_version(package):
                yield self.found_package(
                    f"Package metadata matches: {package.name} {package.version} ({package.type})", package
                )

    def _has_name(self, package: Package) -> bool:
        if self.name is None or package.type != "python":
            return _fits(self.name_comparison, package.name, self.name)
        if not self.name_comparison.endswith("like"):
            wanted = name_key(self.name, is_python=True)
            return (name_key(package.name, is_python=True) == wanted) is (self.name_comparison == "=")
        expression = Expression(self.name)
        is_like = any(map(expression.matches, (package.name, written_name(package))))
        return is_like is (self.name_comparison == "like")

    def _has_type(self, package: Package) -> bool:
        return self.type is None or is_of_type(package, self.type) is (self.type_comparison == "=")

    def _has_version(self, package: Package) -> bool:
        if self.version is None:
            return True
        if self.version_comparison in _TEXT_CHECKS:
            return _fits(self.version_comparison, package.version, self.version)
        order = compare(package, self.version)
        return (
            (order < 0 and "<" in self.version_comparison)
            or (order > 0 and ">" in self.version_comparison)
            or (order == 0 and "=" in self.version_comparison)
        )


def _fits(check: str, actual: str, wanted: str | None) -> bool:
    if wanted is None:
        return True
    if check.endswith("like"):
        return Expression(wanted).matches(actual) is (check == "like")
    return (actual == wanted) is (check == "=")


GATE: Final = Gate("packages", "Installed packages.", (RequiredPackage, Verify, Denylist, Metadata))
