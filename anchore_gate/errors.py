"""
Every way a run can end without a verdict, and the word each is known by in reports.

GateError                   internal
├── UsageError              usage       what was asked makes no sense (exit code 2)
│   ├── InvalidReference        usage       the text names no image
│   └── ConfigError             config      a setting, file or path is wrong
├── PolicyError             config      the policy could not be understood (exit code 2)
│   └── InvalidBundle           config      with the place in the bundle, all errors at once
├── ImageError              image       the image could not be read (exit code 3, as all below)
│   ├── ImageNotFound           not_found   nothing is there
│   ├── PlatformNotFound        not_found   the index has no image for the platform
│   └── LimitExceeded           image       something in it is larger than we read
├── CatalogError            catalog     a package database could not be read
├── DatabaseError           database    vulnerability data missing, stale or damaged
├── RegistryError           registry    the registry gave no usable answer
│   └── RegistryAuthError       auth        credentials missing or refused
├── RemoteError             service     the Anchore service gave no usable answer
│   ├── RemoteAuthError         auth        credentials missing or refused
│   └── AnalysisFailed          analysis    the service could not analyse the image
├── NetworkError            network     no connection, TLS failure, cut transfer
├── TimedOut                timeout     the deadline passed
└── ReportError             report      a report could not be written (exit code 2)
"""

from __future__ import annotations

from anchore_gate.typed import ClassVar


class GateError(Exception):
    """No verdict was reached."""

    category: ClassVar[str] = "internal"
    exit_code: ClassVar[int] = 3


class UsageError(GateError, ValueError):
    """What was asked makes no sense."""

    category = "usage"
    exit_code = 2


class InvalidReference(UsageError):
    """The text names no image."""


class ConfigError(UsageError):
    """A setting, a file that was named, or a path is wrong."""

    category = "config"


class PolicyError(GateError):
    """The policy could not be understood."""

    category = "config"
    exit_code = 2


class InvalidBundle(PolicyError, ValueError):
    """A bundle breaks its schema; `path` says where, e.g. `policies[0].rules[2].gate`, `source` in which."""

    def __init__(self, reason: str, *, path: str = "", source: str = "") -> None:
        where = [f"policy {source!r}"] if source else []
        super().__init__(": ".join([*where, *([path] if path else []), reason]))
        self.reason, self.path = reason, path


class ImageError(GateError):
    """The image could not be read."""

    category = "image"


class ImageNotFound(ImageError):
    """Nothing is there under that name."""

    category = "not_found"


class PlatformNotFound(ImageError):
    """The index holds no image for the platform."""

    category = "not_found"


class LimitExceeded(ImageError):
    """Something in the image is larger than we read."""


class CatalogError(GateError):
    """A package database could not be read."""

    category = "catalog"


class DatabaseError(GateError):
    """Vulnerability data is missing, stale or damaged."""

    category = "database"


class RegistryError(GateError):
    """The registry gave no usable answer."""

    category = "registry"


class RegistryAuthError(RegistryError):
    """The registry's credentials are missing or refused."""

    category = "auth"


class RemoteError(GateError):
    """The Anchore service gave no usable answer."""

    category = "service"


class RemoteAuthError(RemoteError):
    """The service's credentials are missing or refused."""

    category = "auth"


class AnalysisFailed(RemoteError):
    """The service could not analyse the image."""

    category = "analysis"


class NetworkError(GateError):
    """
    No connection, a TLS failure, or a transfer that was cut.

    `transient` says a retry makes sense, `untrusted` that a certificate was refused.
    """

    category = "network"

    def __init__(self, reason: str, *, transient: bool = False, untrusted: bool = False) -> None:
        super().__init__(reason)
        self.transient = transient
        self.untrusted = untrusted


class TimedOut(GateError):
    """The deadline passed."""

    category = "timeout"


class ReportError(GateError):
    """A report could not be written."""

    category = "report"
    exit_code = 2
