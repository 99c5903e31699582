"""Images on this machine, for a service that cannot pull them: catalogued here, judged there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore

from anchore_gate.engine.engine import Request
from anchore_gate.engine.remote_files import FileRules, FilesHere, RuleKey, key_of
from anchore_gate.errors import RemoteError, UsageError
from anchore_gate.image.needs import Needs
from anchore_gate.image.source import ImageDocuments
from anchore_gate.model.evaluation import Action, Evaluation, RuleOutcome
from anchore_gate.model.image import Dockerfile, Image, ImageReference
from anchore_gate.model.inventory import Inventory
from anchore_gate.policy.trigger import Evidence
from anchore_gate.typed import TYPE_CHECKING
from anchore_gate.values import dataclass, replace

if TYPE_CHECKING:
    from anchore_gate.remote.client import Client

_SBOM = "sbom:"
_AT_A_TIME = BoundedSemaphore(4)  # images, as many as the embedded engine looks at


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a service was shown of an image: the gates, and single rules beside them, that it can answer."""

    gates: frozenset[str]
    rules: frozenset[RuleKey] = frozenset()
    fired: frozenset[RuleKey] = frozenset()  # rules that find something here

    def is_unseen(self, outcome: RuleOutcome) -> bool:
        """Whether a rule asks for more than that."""
        if (outcome.gate, outcome.trigger) == ("packages", "verify"):
            return True
        return outcome.gate not in self.gates and key_of(outcome) not in self.rules

    def why_not(self, outcome: RuleOutcome) -> str | None:
        """Why a rule's answer does not count, None where it does."""
        if self.is_unseen(outcome):
            return f"the service was not shown enough: it cannot answer {outcome.gate}/{outcome.trigger}"
        if not outcome.findings and key_of(outcome) in self.fired:
            return f"the service found nothing, where {outcome.gate}/{outcome.trigger} finds something here"
        return None


# The gates that a list of packages answers, and those that manifest, config and Dockerfile answer besides.
SCANNED = Shown(
    gates=frozenset({"always", "distro", "licenses", "npms", "packages", "ruby_gems", "vulnerabilities"})
)
IMPORTED = Shown(gates=SCANNED.gates | {"ancestry", "dockerfile", "metadata", "tag_drift"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """What was seen of an image on this machine."""

    image: Image  # with the name it is judged by
    inventory: Inventory
    documents: ImageDocuments | None  # None: a folder, and most SBOMs, have neither manifest nor config
    files: FilesHere = FilesHere()

    @property
    def reference(self) -> ImageReference:
        """The name and tag that the service is told."""
        return ImageReference.parse(self.image.tag)

    def syft(self, *, old: bool) -> bytes:
        """The packages as the service reads them."""
        from anchore_gate.catalog import syft

        return syft.render(self.inventory, self.image, old=old)


def scheme_here(text: str) -> str:
    """The scheme of a place on this machine, "" for a reference. Raises `UsageError`, `ImageError`."""
    if text.startswith(_SBOM):
        return "sbom"
    from anchore_gate.image.sources import scheme_of

    scheme, _ = scheme_of(text)
    return "" if scheme == "registry" else scheme


@contextmanager
def one_of_few(client: Client) -> Iterator[None]:
    """Room to catalog: hundreds of images may wait for a service, few at a time are read here."""
    if client.left <= 0 or not _AT_A_TIME.acquire(timeout=client.left):
        raise client.timed_out("not catalogued: other images are read first")
    try:
        yield
    finally:
        _AT_A_TIME.release()


def look(request: Request, rules: FileRules) -> Here:
    """Open and catalog the image. Raises `GateError`, also where nothing tells its name."""
    if request.image.startswith(_SBOM):
        return _look_at_sbom(request, Path(request.image.removeprefix(_SBOM)))
    from anchore_gate import catalog
    from anchore_gate.image.links import scan
    from anchore_gate.image.sources import open_image

    with open_image(request.image, platform=request.platform, tag=request.tag) as opened:
        named = _named(opened.image, request)
        files = scan(opened, Needs.union([catalog.needs(), rules.needs]))
        inventory = catalog.catalog(files)
        image = replace(opened.image, tag=named.tag, annotations=named.annotations)
        evidence = Evidence(
            image=image,
            files=files,
            inventory=inventory,
            dockerfile=Dockerfile(),
            now=request.now,
            retrieve=rules.settings.retrieve,
        )
        return Here(image=image, inventory=inventory, documents=opened.documents, files=rules.seen(evidence))


def _look_at_sbom(request: Request, path: Path) -> Here:
    from anchore_gate.catalog.sbom import read_sbom
    from anchore_gate.catalog.sbom_image import completed, read_documents

    image, inventory = read_sbom(path)
    documents = read_documents(path)
    image = image if documents is None else completed(image, documents, what=f"SBOM {str(path)!r}")
    return Here(image=_named(image, request), inventory=inventory, documents=documents)


def _named(image: Image, request: Request) -> Image:
    tag = request.tag or image.tag
    reference = ImageReference.parse(tag) if tag else None
    if reference is None or reference.effective_tag is None:
        raise UsageError(f"{request.image!r} does not say its name: a service wants one, --tag NAME:TAG")
    tagged = ImageReference(reference.registry, reference.repository, reference.effective_tag)
    return replace(image, name=request.image, tag=str(tagged), annotations=request.annotations)


def unseen(evaluation: Evaluation, shown: Shown) -> bool:
    """Whether a rule asks for more than the service was shown."""
    return any(map(shown.is_unseen, evaluation.outcomes))


def with_unseen(evaluation: Evaluation, shown: Shown, *, is_readable: bool) -> Evaluation:
    """
    The evaluation, stopped by every rule the service could not look at: it finds nothing, and says "go".

    Raises `RemoteError` where the service's policy cannot be read: it is not known which rules those are.
    """
    if not is_readable and evaluation.mapping is not None and evaluation.final_action < Action.STOP:
        raise RemoteError(
            f"{evaluation.bundle_id}: the service does not show this policy, so it is not known whether"
            " its rules need files of an image that was catalogued here"
        )
    outcomes = tuple(replace(one, problem=one.problem or shown.why_not(one)) for one in evaluation.outcomes)
    return replace(evaluation, outcomes=outcomes)
