"""The engine that asks an Anchore service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from anchore_gate.engine.engine import Request
from anchore_gate.engine.remote_names import base_digest, reference_of
from anchore_gate.engine.remote_uploads import Uploads
from anchore_gate.errors import RemoteError, UsageError
from anchore_gate.model.result import Assessment
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.remote.deadline import Deadline
from anchore_gate.remote.discovery import Discovery
from anchore_gate.remote.login import Login
from anchore_gate.typed import TYPE_CHECKING, TypeVar
from anchore_gate.values import dataclass, field, replace

if TYPE_CHECKING:
    from anchore_gate.engine.remote_here import Here
    from anchore_gate.model.image import ImageReference
    from anchore_gate.net.retry import Clock
    from anchore_gate.policy.bundle import Bundle
    from anchore_gate.remote.service import Service
    from anchore_gate.remote.submission import Submission
    from anchore_gate.remote.values import Judgement, ServiceImage

_T = TypeVar("_T")
SUBSCRIPTIONS = ("tag_update", "policy_eval", "vuln_update", "analysis_update")
_ROUNDS = 5  # times an image may fall back to "not analysed" between the wait and the evaluation


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteEngine:
    """
    Submits images to Anchore Engine (API v1) or Anchore Enterprise (API v2), waits, and reads the answer.

    `token` is a JSON web token or an API key. A policy that `gate` is given is uploaded under an id made of
    its content, and taken away again unless `keep_policy`; without one the service's active policy decides,
    or the one `policy_id` names. `timeout` is for one `gate`, or for all images of one `gate_all`.
    """

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
    policy_id: str = ""
    base: str = ""  # the base image to compare with: its digest, `NAME@DIGEST`, or `auto` (API v2)
    force: bool = False
    subscribe: tuple[str, ...] = ()
    keep_policy: bool = False
    timeout: float = 600.0
    margin: float = 0.0  # seconds of `timeout` that are left for what comes after
    poll: float = 5.0
    settings: AnalyzerSettings = AnalyzerSettings()  # what is looked for in files of images on this machine
    clock: Clock | None = field(default=None, compare=False, repr=False)
    deadline: Deadline | None = field(default=None, compare=False, repr=False)  # of the run, see `run`
    _discovery: Discovery = field(default_factory=Discovery, init=False, compare=False, repr=False)
    _login: Login = field(default_factory=Login, init=False, compare=False, repr=False)
    _uploads: Uploads = field(default_factory=Uploads, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        unknown = [name for name in self.subscribe if name not in SUBSCRIPTIONS]
        if unknown:
            raise UsageError(f"--subscribe {unknown[0]!r}: none of {', '.join(SUBSCRIPTIONS)}")
        base_digest(self.base)

    @property
    def name(self) -> str:
        """See `Engine.name`."""
        return "remote"

    @property
    def version(self) -> str:
        """See `Engine.version`: which service answered is in the result's notes."""
        return ""

    @contextmanager
    def run(self) -> Iterator[RemoteEngine]:
        """See `WaitingEngine.run`."""
        from anchore_gate.net.retry import Clock

        deadline = Deadline((self.clock or Clock()).monotonic() + self.timeout)
        engine = replace(self, deadline=deadline)
        try:
            yield engine
        finally:
            deadline.end()
            engine._uploads.end(engine.open, keep=self.keep_policy)

    def assess(self, request: Request) -> Assessment:
        """See `Engine.assess`."""
        if request.bundle is not None and self.policy_id:
            raise UsageError("--policy and --policy-id: one of them decides, not both")
        from anchore_gate.engine.remote_assessment import assessment_of
        from anchore_gate.engine.remote_here import scheme_here

        if scheme := scheme_here(request.image):
            return self._assess_here(request, scheme)
        submission = self._submission(request, reference_of(request))
        with self.open(about=request.image) as service:
            self._uploadable(service, request.bundle)
            accepted = self._accepted(service, submission)
            image, judgement = self._settled(service, request, accepted.digest, submission.tag)
            notes = self._notes(submission, accepted)
            return assessment_of(service, request, image, judgement, notes=notes)

    def _assess_here(self, request: Request, scheme: str) -> Assessment:
        """An image the service cannot pull: one call where that answers every rule, else an import."""
        from anchore_gate.engine.remote_here import SCANNED, look, one_of_few, unseen
        from anchore_gate.engine.remote_policy import file_rules
        from anchore_gate.remote.imports import scans

        wants_more = bool(self.subscribe or self.base or request.dockerfile)  # than a scan of packages takes
        with self.open(about=request.image) as service:
            self._uploadable(service, request.bundle)
            if scheme == "dir" and not scans(service):
                raise _unsupported(request, service)
            with one_of_few(service.client):
                here = look(request, file_rules(service, request, self.policy_id, self.settings))
            if here.documents is None and wants_more:
                raise UsageError(
                    f"{request.image!r} is no image that a service stores: it takes no --dockerfile,"
                    " --base-image or --subscribe"
                )
            if scans(service) and not wants_more:
                scanned = self._scanned(service, request, here)
                is_all = here.documents is None or (scanned and not unseen(scanned.evaluation, SCANNED))
                if scanned is not None and is_all:
                    return scanned
            return self._imported(service, request, here)

    def _scanned(self, service: Service, request: Request, here: Here) -> Assessment | None:
        """The judgement on the packages alone, nothing stored; None where the service has no such scan."""
        from anchore_gate.engine.remote_assessment import assessment_here
        from anchore_gate.engine.remote_here import SCANNED
        from anchore_gate.remote.imports import scan

        content = here.syft(old=False)
        found = self._by_policy(
            service, request, lambda policy_id: scan(service, content, here.image.tag, policy_id=policy_id)
        )
        if found is None:
            return None
        judgement, rows = found
        return assessment_here(service, request, here, judgement, shown=SCANNED, rows=rows)

    def _imported(self, service: Service, request: Request, here: Here) -> Assessment:
        """The image with its parts uploaded, waited for and judged like any other."""
        from anchore_gate.engine.remote_assessment import assessment_here
        from anchore_gate.engine.remote_here import IMPORTED
        from anchore_gate.remote import v1
        from anchore_gate.remote.imports import Parts, uploaded

        if here.documents is None:
            raise _unsupported(request, service)
        submission = self._submission(request, here.reference)
        parts = Parts(
            manifest=here.documents.manifest,
            manifest_type=here.documents.media_type,
            config=here.documents.config,
            packages=here.syft(old=service.api is v1),
            dockerfile=submission.dockerfile,
            files=here.files.parts,
        )
        with self._uploads.importing(), uploaded(service, parts) as imported:
            accepted = self._accepted(service, replace(submission, imported=imported))
        taken = frozenset(name for name, _ in imported.contents)
        shown = replace(IMPORTED, rules=here.files.answered(taken), fired=here.files.fired)
        image, judgement = self._settled(service, request, accepted.digest, submission.tag)
        notes = self._notes(submission, accepted)
        return assessment_here(service, request, here, judgement, shown=shown, stored=image, notes=notes)

    @contextmanager
    def open(self, *, about: str = "") -> Iterator[Service]:
        """The service, found and ready to be asked, `about` an image. Raises `GateError`."""
        from anchore_gate.remote import v1
        from anchore_gate.remote.client import Client
        from anchore_gate.remote.settings import ServiceSettings

        settings = ServiceSettings(
            url=self.url,
            username=self.username,
            password=self.password,
            token=self.token,
            login=self.login,
            account=self.account,
            ca=self.ca,
            cert=self.cert,
            key=self.key,
            insecure=self.insecure,
        )
        with Client(
            settings,
            timeout=self.timeout,
            margin=self.margin,
            about=about,
            clock=self.clock,
            login=self._login,
            deadline=self.deadline,
        ) as client:
            service = self._discovery.service(client)
            if self.base and service.api is v1 and not service.is_enterprise:
                raise RemoteError(f"--base-image: {service.source} (API v1) compares with no base image")
            yield service

    def _submission(self, request: Request, reference: ImageReference) -> Submission:
        from anchore_gate.image.dockerfile import load_dockerfile
        from anchore_gate.remote.submission import Submission

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

    def _accepted(self, service: Service, submission: Submission) -> ServiceImage:
        from anchore_gate.remote.subscriptions import subscribe

        accepted = service.submit(submission)
        for kind in self.subscribe:
            subscribe(service, submission.tag, kind)
        return accepted

    def _notes(self, submission: Submission, accepted: ServiceImage) -> tuple[str, ...]:
        """What limits the evidence: a known image keeps the Dockerfile that it was analysed with."""
        is_known = accepted.state == "analyzed" and not self.force
        if submission.dockerfile is None or not is_known:
            return ()
        return ("the service knew this image: the Dockerfile of its analysis counts (--force takes this)",)

    def _settled(
        self, service: Service, request: Request, digest: str, tag: str
    ) -> tuple[ServiceImage, Judgement]:
        """The image when it is analysed, and the judgement on it."""
        service.wait(digest, name=tag, poll=self.poll)
        ask = partial(
            self._evaluated,
            service,
            digest,
            tag,
            base=service.base_of(digest, base_digest(self.base)),
            interactive=request.bundle is not None,
        )
        judgement = self._by_policy(service, request, ask)
        image = service.image(digest)
        if image is None:
            raise RemoteError(f"{tag}: the image was deleted while it was judged")
        return image, judgement

    def _by_policy(self, service: Service, request: Request, ask: Callable[[str], _T]) -> _T:
        """What `ask` answers under the policy that is to decide; ours is there only while it asks."""
        policy = self._uploadable(service, request.bundle)
        if policy is None:
            return ask(self.policy_id)
        return self._uploads.ask(service, policy, ask, keep=self.keep_policy)

    def _uploadable(self, service: Service, bundle: Bundle | None) -> dict[str, object] | None:
        """Our policy as the service is given it. Raises `GateError` for its faults: before anybody waits."""
        from anchore_gate.engine.remote_policy import upload_of

        return upload_of(bundle, dialect=service.api.POLICY_DIALECT) if bundle else None

    def _evaluated(
        self, service: Service, digest: str, tag: str, policy_id: str, *, base: str, interactive: bool
    ) -> Judgement:
        for _ in range(_ROUNDS):
            found = service.evaluate(
                digest, tag, policy_id=policy_id, interactive=interactive, poll=self.poll, base=base
            )
            if found is not None:
                return found
            service.client.pause(self.poll)
            service.wait(digest, name=tag, poll=self.poll)
        raise RemoteError(f"{tag}: the service loses its analysis of the image again and again")


def _unsupported(request: Request, service: Service) -> RemoteError:
    api = service.api.PREFIX.strip("/")
    return RemoteError(
        f"{request.image!r} has no manifest and config to import, and {service.source} {service.version}"
        f" (API {api}) cannot scan it once: that takes Anchore Enterprise 5.21"
    )
