"""An Anchore service, whichever API it speaks: submit, wait, evaluate, read."""

from __future__ import annotations

import json
from types import ModuleType
from urllib.parse import quote

from anchore_gate.errors import (
    AnalysisFailed,
    NetworkError,
    PolicyError,
    RemoteAuthError,
    RemoteError,
    TimedOut,
)
from anchore_gate.remote import v2
from anchore_gate.remote.client import Client
from anchore_gate.remote.feeds import feeds_of
from anchore_gate.remote.pages import entries, rows
from anchore_gate.remote.submission import Submission, source_of
from anchore_gate.remote.told import Told
from anchore_gate.remote.values import Feed, Judgement, ServiceImage, mapping, text
from anchore_gate.typed import Any
from anchore_gate.values import dataclass

_NOT_YET = 5  # polls that may say 404 right after submitting: one half of a pair may lag behind
_CRASHED = 3  # v1 hides a crashed evaluation behind a 404: so often it is asked again

_LOST = 10  # polls, each tried several times, that a service may be away while an image is waited for
AWAY = frozenset({408, 429, 500, 502, 503, 504})


class _Away(RemoteError):
    """The service does not answer as it should, for now."""


class PolicyMissing(RemoteError):
    """The service has no policy under that id (any more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The questions a gate asks. Every method raises `RemoteError`, `NetworkError` or `TimedOut`."""

    client: Client
    api: ModuleType
    version: str = ""

    def knock(self) -> None:
        """Have wrong credentials refused now, once: not each time one of hundreds of images asks."""
        settings = self.client.settings
        if settings.uses_oauth or not settings.has_credentials:
            return
        try:
            self.client.tell("GET", self.api.PREFIX + "/status", attempts=1, is_optional=True)
        except RemoteAuthError:
            raise
        except (RemoteError, NetworkError):
            return  # what is asked next will tell

    def is_at_least(self, *wanted: int) -> bool:
        """Whether the service's version is that or newer; one that says no version is taken for new."""
        told = numbers(self.version, len(wanted))
        return len(told) < len(wanted) or told >= wanted

    @property
    def source(self) -> str:
        """What reports call it."""
        return "anchore-enterprise" if self.api is v2 or self.is_enterprise else "anchore-engine"

    @property
    def is_enterprise(self) -> bool:
        """Whether its version is one of Enterprise's: Engine ended with 1.1."""
        return numbers(self.version, 1) >= (2,)

    def submit(self, submission: Submission) -> ServiceImage:
        """Hand an image in, by tag, or by digest with its tag."""
        query = {
            "force": str(submission.force).lower(),
            self.api.AUTO_SUBSCRIBE: str("tag_update" in submission.subscribe).lower(),
        }
        body: dict[str, Any] = {"source": source_of(submission, self.api)}
        if submission.annotations:
            body["annotations"] = dict(submission.annotations)
        path = self.api.PREFIX + "/images"
        attempts = 1 if submission.force else 4
        told = self.client.tell("POST", path, query, body=body, attempts=attempts)
        if not told.is_success:
            error = self.client.error(told, f"{submission.tag} is not accepted")
            if told.status == 400 and submission.dockerfile is not None and not submission.force:
                hint = "a known image takes another Dockerfile only with --force"
                raise RemoteError(f"{error} ({hint})")
            raise error
        image: ServiceImage = self.api.image_of(told.value)
        self.client.state = "submitted"
        if submission.imported is not None and image.digest != submission.imported.digest:
            raise RemoteError(f"{submission.tag}: the service took another image ({image.digest})")
        return image

    def image(self, digest: str) -> ServiceImage | None:
        """What the service knows of an image, None where it knows nothing (yet)."""
        path = f"{self.api.PREFIX}/images/{digest}"
        told = self.client.tell("GET", path)
        if told.status == 404:
            return None
        if told.status in AWAY:
            raise _Away(str(self.client.error(told, f"the state of {digest}")))
        if not told.is_success:
            raise self.client.error(told, f"the state of {digest}")
        found: ServiceImage = self.api.image_of(told.value)
        return found

    def wait(self, digest: str, *, name: str, poll: float) -> None:
        """Ask until the image is analysed. Raises `AnalysisFailed` at once when it cannot be."""
        state, unknown, lost = "not known yet", 0, 0
        while state != "analyzed":
            try:
                image, lost = self.image(digest), 0
            except TimedOut as error:
                raise self.client.timed_out("not analysed") from error
            except (NetworkError, _Away) as error:  # a service that restarts comes back
                lost += 1
                if lost > _LOST or not getattr(error, "transient", True):
                    raise
            else:
                unknown = 0 if image else unknown + 1
                state = image.state if image else state
                self.client.state = state
            if unknown > _NOT_YET:
                raise RemoteError(f"{name}: the service does not know the image it accepted ({digest})")
            if state == "analysis_failed":
                raise AnalysisFailed(f"{name}: the service could not analyse the image ({digest})")
            if state != "analyzed":
                self._pause(poll)

    def _pause(self, poll: float) -> None:
        if self.client.left <= 0:
            raise self.client.timed_out("not analysed")
        self.client.pause(poll)

    def base_of(self, digest: str, wanted: str) -> str:
        """
        The base image to compare with: `auto` is chosen here where the service is too old to do it.

        API v1 compares in a tree of Enterprise's own; that it has it is seen by asking for the ancestors.
        """
        if not wanted or (self.api is v2 and (wanted != "auto" or self.is_at_least(5, 7))):
            return wanted
        place = f"{self.api.COMPARING}/images/{digest}/ancestors"
        found = [mapping(one, "an ancestor") for one in rows(self.client, place)]
        chosen = [one for one in found if one.get("chosen_base_image") is True] or found[-1:]  # nearest last
        if wanted != "auto":
            return wanted
        return text(chosen[-1], self.api.IMAGE_DIGEST, "an ancestor") if chosen else ""

    def evaluate(
        self, digest: str, tag: str, *, policy_id: str, interactive: bool, poll: float, base: str = ""
    ) -> Judgement | None:
        """The judgement; None when the image has to be analysed again first. Raises `PolicyMissing`."""
        query = {"tag": tag, "detail": "true"}
        if policy_id:
            query[self.api.POLICY_PARAMETER] = policy_id
        if base:
            query["base_digest"] = base
        if interactive:
            query["interactive"] = "true"
        path = f"{self.api.COMPARING if base else self.api.PREFIX}/images/{digest}/check"
        told = self.client.tell("GET", path, query)
        for _ in range(_CRASHED - 1):
            if told.status != 404 or "could not find any evaluations" not in told.message:
                break
            self.client.pause(poll)
            told = self.client.tell("GET", path, query)
        if told.is_success:
            return self.checked(self.api.judgement_of(told.value), policy_id)
        if told.status == 404 and "not analyzed" in told.message.lower():
            return None
        raise self.refusal(told, policy_id)

    def checked(self, judgement: Judgement, policy_id: str) -> Judgement:
        """The judgement, if it is by the policy that was asked for. Raises `RemoteError`."""
        if policy_id and judgement.policy_id != policy_id:
            raise RemoteError(
                f"asked for policy {policy_id!r}, the service judged by {judgement.policy_id!r}"
            )
        return judgement

    def refusal(self, told: Told, policy_id: str) -> RemoteError:
        """What it means that there is no judgement."""
        words = told.message.lower()
        if told.status == 404 and policy_id and "policy" in words:
            return PolicyMissing(f"the service has no policy {policy_id!r}: {told.message}")
        if told.status == 404 and "could not find any evaluations" in words:
            return RemoteError(f"the service could not evaluate the policy: {told.message}")
        return self.client.error(told, "no evaluation")

    def has_policy(self, policy_id: str) -> bool:
        """Whether the account has a policy of that id."""
        path = f"{self.api.PREFIX}/policies/{quote(policy_id, safe='')}"
        told = self.client.tell("GET", path, {"detail": "false"})
        if told.status == 404:
            return False
        if not told.is_success:
            raise self.client.error(told, f"policy {policy_id!r}")
        return True

    def policy(self, policy_id: str) -> str:
        """The JSON of a policy, the active one without an id; "" where the service does not show it."""
        place = f"{self.api.PREFIX}/policies" + (f"/{quote(policy_id, safe='')}" if policy_id else "")
        told = self.client.tell("GET", place, {"detail": "true"}, is_optional=True)
        raw = told.value if isinstance(told.value, list) else [told.value]
        records = [one for one in raw if isinstance(one, dict) and (policy_id or one.get("active") is True)]
        found = records[0].get(self.api.POLICY_BODY) if records else None
        return json.dumps(found) if isinstance(found, dict) and found else ""

    def add_policy(self, policy: dict[str, Any]) -> None:
        """
        Put a policy there, without activating it; one that is there already is left.

        Raises `PolicyError` where the service finds fault with it.
        """
        told = self.client.tell("POST", self.api.PREFIX + "/policies", body=policy)
        if told.is_success or told.status == 409:
            return
        error = self.client.error(told, "the service does not accept the policy")
        raise PolicyError(str(error)) if told.status == 400 else error

    def remove_policy(self, policy_id: str) -> bool:
        """Take it away again; whether that worked."""
        path = f"{self.api.PREFIX}/policies/{quote(policy_id, safe='')}"
        try:
            with self.client.grace():
                told = self.client.tell("DELETE", path)
        except (RemoteError, NetworkError, TimedOut):
            return False
        return told.is_success or told.status == 404

    def feeds(self) -> tuple[Feed, ...] | None:
        """The vulnerability data, one entry per group; None where the user may not see it."""
        told = self.client.tell("GET", self.api.PREFIX + "/system/feeds", is_optional=True)
        if told.status in {403, 404}:
            return None
        if not told.is_success:
            raise self.client.error(told, "the feeds")
        return tuple(feeds_of(entries(told.value, "the list of feeds")))

    def records(self, path: str) -> list[dict[str, Any]]:
        """A list below the API's prefix, as it is."""
        return [mapping(one, path) for one in rows(self.client, self.api.PREFIX + path)]


def numbers(version: str, count: int) -> tuple[int, ...]:
    """The first numbers of a version, as many as are numbers."""
    parts = version.split(".")[:count]
    return tuple(int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 10)
