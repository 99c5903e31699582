"""Where an Anchore service is, and who asks it."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import SplitResult, quote_plus, urlsplit, urlunsplit

from anchore_gate.errors import ConfigError
from anchore_gate.values import dataclass, field

API_KEY_USER = "_api_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """Where the service is, and who asks. A token that is no JSON web token is an API key."""

    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    login: str = "basic"  # oauth: user and password are given once, for a token
    account: str = ""
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    insecure: bool = False

    def __post_init__(self) -> None:
        parts = _parts(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigError("the service's URL is not http(s)://HOST[:PORT]")
        if parts.username is not None or parts.password is not None:
            raise ConfigError("the service's URL holds credentials: give them as username and password")
        if parts.query or parts.fragment:
            raise ConfigError(
                "the service's URL has a query: only http(s)://HOST[:PORT][/PATH] is understood"
            )
        for what, said in (("the account", self.account), ("the token", self.token.strip())):
            if not (said.isascii() and said.isprintable()):
                raise ConfigError(f"{what} for the service holds characters that no header may hold")
        if ":" in self.username:
            raise ConfigError("the user for the service holds a colon")
        if self.uses_oauth and (self.token or not (self.username and self.password)):
            raise ConfigError("--login oauth takes a user and a password, and no token")

    @property
    def root(self) -> str:
        """The URL without the API version at its end."""
        parts = _parts(self.url)
        path = self._path.removesuffix(f"/{self.named_version}").rstrip("/")
        return urlunsplit((parts.scheme, parts.netloc, path, "", ""))

    @property
    def named_version(self) -> str:
        """`v1` or `v2` where the URL ends so, "" where it does not."""
        last = self._path.rpartition("/")[2]
        return last if last in {"v1", "v2"} else ""

    @property
    def _path(self) -> str:
        """The URL's path, without the tree that Enterprise 4 has beside v1."""
        path = _parts(self.url).path.rstrip("/")
        return path.removesuffix("/enterprise") if path.endswith("/v1/enterprise") else path

    @property
    def uses_oauth(self) -> bool:
        """Whether user and password are given for a token."""
        return self.login == "oauth"

    @property
    def has_credentials(self) -> bool:
        """Whether anybody is named."""
        return bool(self.username or self.token)

    @property
    def authorization(self) -> str:
        """The header, "" where no credentials are given."""
        token = self.token.strip()  # a file's last line ends
        if token.startswith("eyJ") and token.count(".") == 2:
            return f"Bearer {token}"
        user, secret = (API_KEY_USER, token) if token else (self.username, self.password)
        if not user:
            return ""
        return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        header = self.authorization.partition(" ")[2]
        written = quote_plus(self.password)  # as a form has it
        return tuple(one for one in (self.password, written, self.token.strip(), header) if one)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError as problem:
        raise ConfigError("the service's URL cannot be read") from problem
    return parts
