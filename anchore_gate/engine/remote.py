"""The engine that asks an Anchore service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from anchore_gate.engine.engine import Request
from anchore_gate.errors import ConfigError, InvalidReference, RemoteError, UsageError
from anchore_gate.model.digest import Digest
from anchore_gate.model.image import Dockerfile, Image, ImageConfig, ImageReference, Platform
from anchore_gate.model.inventory import Distro, Inventory
from anchore_gate.model.result import Assessment

if TYPE_CHECKING:
    from anchore_gate.policy.bundle import Bundle
    from anchore_gate.remote.service import Service, Submission
    from anchore_gate.remote.values import Judgement, ServiceImage

SUBSCRIPTIONS = ("tag_update", "policy_eval", "vuln_update", "analysis_update")
_UPLOADS = 3  # another run that gates with the same file may take its policy away meanwhile
_ROUNDS = 5  # times an image may fall back to "not analysed" between the wait and the evaluation


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteEngine:
    """
    Submits images to Anchore Engine (API v1) or Anchore Enterprise (API v2), waits, and reads the answer.

    `token` is a JSON web token or an API key. A policy that `gate` is given is uploaded under an id made of
    its content, and taken away again unless `keep_policy`; without one the service's active policy decides,
    or the one `policy_id` names. `timeout` is for one image, from submitting to the last answer.
    """

    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    account: str = ""
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    insecure: bool = False
    policy_id: str = ""
    force: bool = False
    subscribe: tuple[str, ...] = ()
    keep_policy: bool = False
    timeout: float = 600.0
    poll: float = 5.0

    def __post_init__(self) -> None:
        unknown = [name for name in self.subscribe if name not in SUBSCRIPTIONS]
        if unknown:
            raise UsageError(f"--subscribe {unknown[0]!r}: none of {', '.join(SUBSCRIPTIONS)}")

    @property
    def name(self) -> str:
        """See `Engine.name`."""
        return "remote"

    @property
    def version(self) -> str:
        """See `Engine.version`: which service answered is in the result's notes."""
        return ""

    def assess(self, request: Request) -> Assessment:
        """See `Engine.assess`."""
        if request.bundle is not None and self.policy_id:
            raise UsageError("--policy and --policy-id: one of them decides, not both")
        submission = self._submission(request)
        with self.open() as service:
            accepted = service.submit(submission)
            service.wait(accepted.digest, name=submission.tag, poll=self.poll)
            judgement = self._judged(service, request, accepted.digest, submission.tag)
            image = service.image(accepted.digest)
            if image is None:
                raise RemoteError(f"{submission.tag}: the image was deleted while it was judged")
            return _assessment(service, request, image, judgement)

    @contextmanager
    def open(self) -> Iterator[Service]:
        """The service, found and ready to be asked. Raises `GateError`."""
        from anchore_gate.remote.client import Client, ServiceSettings
        from anchore_gate.remote.service import Service

        settings = ServiceSettings(
            url=self.url,
            username=self.username,
            password=self.password,
            token=self.token,
            account=self.account,
            ca=self.ca,
            cert=self.cert,
            key=self.key,
            insecure=self.insecure,
        )
        with Client(settings, timeout=self.timeout) as client:
            yield Service.discover(client)

    def _submission(self, request: Request) -> Submission:
        from anchore_gate.image.dockerfile import load_dockerfile
        from anchore_gate.remote.service import Submission

        reference = _reference(request)
        content = None
        if request.dockerfile is not None:
            load_dockerfile(request.dockerfile)  # its limits hold here too
            content = request.dockerfile.read_bytes()
        return Submission(
            reference=reference,
            dockerfile=content,
            annotations=request.annotations,
            force=self.force,
            subscribe=self.subscribe,
            now=request.now,
        )

    def _judged(self, service: Service, request: Request, digest: str, tag: str) -> Judgement:
        if request.bundle is None:
            return self._evaluated(service, digest, tag, self.policy_id)
        from anchore_gate.remote.service import PolicyMissing

        policy = upload_of(request.bundle, dialect=service.api.POLICY_DIALECT)
        policy_id = str(policy["id"])
        is_ours = False
        try:
            for attempt in range(_UPLOADS):
                if not service.has_policy(policy_id):
                    is_ours = True
                    service.add_policy(policy)
                try:
                    return self._evaluated(service, digest, tag, policy_id, interactive=True)
                except PolicyMissing:
                    if attempt == _UPLOADS - 1:
                        raise
            raise RemoteError(f"the uploaded policy {policy_id} does not stay on the service")
        finally:
            if is_ours and not self.keep_policy:
                service.remove_policy(policy_id)

    def _evaluated(
        self, service: Service, digest: str, tag: str, policy_id: str, *, interactive: bool = False
    ) -> Judgement:
        for _ in range(_ROUNDS):
            found = service.evaluate(
                digest, tag, policy_id=policy_id, interactive=interactive, poll=self.poll
            )
            if found is not None:
                return found
            service.client.pause(self.poll)
            service.wait(digest, name=tag, poll=self.poll)
        raise RemoteError(f"{tag}: the service loses its analysis of the image again and again")


def _reference(request: Request) -> ImageReference:
    from anchore_gate.image.sources import SCHEMES

    scheme, colon, rest = request.image.partition(":")
    text = rest if colon and scheme == "registry" else request.image
    try:
        if colon and scheme in SCHEMES and scheme != "registry":
            raise InvalidReference(f"{scheme} is a place on this machine")
        reference = ImageReference.parse(text)
    except InvalidReference as problem:
        raise UsageError(
            f"{request.image!r}: an Anchore service pulls from a registry, so a reference is expected"
        ) from problem
    if request.tag:
        named = ImageReference.parse(request.tag)
        if (named.registry, named.repository) != (reference.registry, reference.repository):
            raise UsageError(f"--tag {request.tag!r} names another repository than {request.image!r}")
        reference = replace(reference, tag=named.tag)
    if reference.digest is not None and reference.tag is None:
        raise UsageError(
            f"{request.image!r}: a service wants a tag with the digest: NAME:TAG@DIGEST, or --tag"
        )
    if request.platform not in (None, Platform()) and reference.digest is None:
        raise UsageError("--platform: a service takes linux/amd64; name another image by its digest")
    return reference


def upload_of(bundle: Bundle, *, dialect: str) -> dict[str, object]:
    """The policy as the service is given it, under an id made of its content. Raises `GateError`."""
    from anchore_gate.policy.convert import convert
    from anchore_gate.policy.cutoff import cutoff_text
    from anchore_gate.policy.document import locate, parse_json, read_text
    from anchore_gate.policy.parse import parse_bundle

    option, _, severity = bundle.source.partition(" ")
    if option == "--severity-cutoff":
        raw = parse_json(cutoff_text(severity))
    elif bundle.source:
        content = read_text(locate(bundle.source))
        raw = parse_json(content)
        if Digest.of(content) != Digest.parse(bundle.digest):
            raise ConfigError(f"policy {bundle.source!r} changed while the run was going on")
    else:
        raise UsageError("a policy for a service comes from a file: load_bundle(PATH)")
    parsed = parse_bundle(raw, source=bundle.source, digest=bundle.digest)
    if parsed.allowlists != bundle.allowlists:
        raise UsageError("a service decides by the policy's own allowlists: add the further ones to its file")
    problem = next((one for one in parsed.problems if one.severity == "error"), None)
    if problem is not None:
        raise ConfigError(f"policy {bundle.source!r}: {problem.path}: {problem.message}")
    made = dict(convert(raw, to=dialect).policy)
    made["id"] = "anchore-gate-" + bundle.digest.partition(":")[2][:32]
    return made


def _assessment(service: Service, request: Request, image: ServiceImage, judgement: Judgement) -> Assessment:
    from anchore_gate.engine.remote_evaluation import evaluation_of
    from anchore_gate.engine.remote_feeds import database_of, feed_problems
    from anchore_gate.image.dockerfile import load_dockerfile
    from anchore_gate.remote.contents import matches, packages

    known = matches(service, image.digest, image.distro)
    feeds = service.feeds()
    evaluation = evaluation_of(judgement, request, known)
    evaluation = replace(evaluation, problems=(*evaluation.problems, *feed_problems(feeds, evaluation)))
    listed = packages(service, image.digest, image.distro) if request.want_packages else ()
    distro = Distro(id=image.distro, version_id=image.distro_version) if image.distro else None
    api = service.api.PREFIX.strip("/")
    given = load_dockerfile(request.dockerfile) if request.dockerfile else None
    return Assessment(
        image=_image(request, image, judgement),
        evaluation=evaluation,
        inventory=Inventory(distro=distro, packages=listed),
        matches=known,
        dockerfile=given or Dockerfile(mode=image.dockerfile_mode or "Unknown"),
        database=database_of(service.source, feeds),
        notes=(f"judged by {service.source} {service.version} (API {api})",),
    )


def _image(request: Request, image: ServiceImage, judgement: Judgement) -> Image:
    digest = Digest.parse(image.digest)
    parent = Digest.parse(image.parent_digest) if image.parent_digest else digest
    system = Platform(architecture=image.architecture or "amd64")
    return Image(
        name=request.image,
        source="registry",
        tag=judgement.tag or next(iter(image.tags), ""),
        digest=digest,
        index_digest=parent if parent != digest else None,
        config_digest=Digest.parse(f"sha256:{image.image_id}") if image.image_id else None,
        config=ImageConfig(platform=system),
        size=image.size,
        annotations=request.annotations,
    )
