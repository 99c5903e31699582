"""Amazon ECR's password of twelve hours: the one door of `boto3` (extra `[ecr]`)."""

from __future__ import annotations

import base64
import binascii

from anchore_gate.errors import RegistryAuthError
from anchore_gate.regex import regex
from anchore_gate.typed import Any

_HOST = regex(r"\d{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)")


def region_of(registry: str) -> str | None:
    """The region of an ECR host, None for any other."""
    found = _HOST.fullmatch(registry)
    return found[1] if found else None


def find_login(registry: str, region: str, *, client: Any = None) -> tuple[str, str] | None:
    """
    User and password for an ECR registry, None where `boto3` is not installed.

    Raises `RegistryAuthError` when AWS gives none.
    """
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        return None
    try:
        asked = client or boto3.client("ecr", region_name=region)
        answer = asked.get_authorization_token(registryIds=[registry.partition(".")[0]])
        encoded = answer["authorizationData"][0]["authorizationToken"]
        username, _, password = base64.b64decode(encoded).decode().partition(":")
    except ClientError as problem:
        code = problem.response.get("Error", {}).get("Code", "unknown")
        raise RegistryAuthError(f"AWS gives no ECR password for {registry}: {code}") from problem
    except BotoCoreError as problem:
        raise RegistryAuthError(
            f"AWS gives no ECR password for {registry}: {type(problem).__name__}"
        ) from problem
    except (KeyError, IndexError, TypeError, binascii.Error, UnicodeDecodeError) as problem:
        raise RegistryAuthError(f"AWS answers no ECR password for {registry}") from problem
    return username, password
