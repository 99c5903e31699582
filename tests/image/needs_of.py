"""Short ways to say what a test needs."""

from __future__ import annotations

from anchore_gate.image.needs import Checksums, ContentSearch, Needs, Want

ANCHORE_SECRETS = {
    "AWS_ACCESS_KEY": r"(?i).*aws_access_key_id( *=+ *).*(?<![A-Z0-9])[A-Z0-9]{20}(?![A-Z0-9]).*",
    "AWS_SECRET_KEY": r"(?i).*aws_secret_access_key( *=+ *).*(?<![A-Za-z0-9/+=])[A-Za-z0-9/+=]{40}(?![A-Za-z0-9/+=]).*",
    "PRIV_KEY": r"(?i)-+BEGIN(.*)PRIVATE KEY-+",
    "DOCKER_AUTH": r'(?i).*"auth": *".+"',
    "API_KEY": r"(?i).*api(-|_)key( *=+ *).*(?<![A-Z0-9])[A-Z0-9]{20,60}(?![A-Z0-9]).*",
}
SECRETS = tuple(
    ContentSearch(kind="secret", name=name, regex=regex, is_known=True)
    for name, regex in ANCHORE_SECRETS.items()
)
EVERYTHING = Want(pattern=r"/.*")
KEY_LINE = b"aws_access_key_id = AKIAABCDEFGHIJKLMNOP\n"


def everything(*, searches: bool = False, checksums: bool = False) -> Needs:
    return Needs(
        wants=(EVERYTHING,),
        searches=SECRETS if searches else (),
        checksums=(Checksums(pattern=r"/.*", algorithms=frozenset({"sha256", "md5"})),) if checksums else (),
    )
