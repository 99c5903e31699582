"""What a service said, as the grounds of a verdict."""

from __future__ import annotations

from anchore_gate.engine.engine import Request
from anchore_gate.engine.remote_evaluation import evaluation_of, is_readable
from anchore_gate.engine.remote_feeds import database_of, with_feeds
from anchore_gate.engine.remote_here import Here, Shown, with_unseen
from anchore_gate.image.dockerfile import guess_dockerfile, load_dockerfile, with_layers
from anchore_gate.model.digest import Digest
from anchore_gate.model.evaluation import Evaluation
from anchore_gate.model.image import Dockerfile, Image, ImageConfig, Platform
from anchore_gate.model.inventory import Distro, Inventory
from anchore_gate.model.result import Assessment
from anchore_gate.model.vulnerability import Match
from anchore_gate.remote.contents import matches, packages
from anchore_gate.remote.naming import joined
from anchore_gate.remote.service import Service
from anchore_gate.remote.values import Feed, Judgement, ServiceImage
from anchore_gate.remote.vulnerabilities import match_of
from anchore_gate.typed import Any
from anchore_gate.values import replace


def assessment_of(
    service: Service,
    request: Request,
    image: ServiceImage,
    judgement: Judgement,
    *,
    notes: tuple[str, ...] = (),
) -> Assessment:
    """Of an image that the service pulled."""
    listed = packages(service, image.digest, image.distro) if request.want_packages else ()
    known = joined(matches(service, image.digest, image.distro), listed)
    distro = Distro(id=image.distro, version_id=image.distro_version) if image.distro else None
    feeds = service.feeds()
    given = load_dockerfile(request.dockerfile) if request.dockerfile else None
    return Assessment(
        image=_image(request, image, judgement),
        evaluation=_evaluation(request, judgement, known, feeds),
        inventory=Inventory(distro=distro, packages=listed),
        matches=known,
        dockerfile=given or Dockerfile(mode=image.dockerfile_mode or "Unknown"),
        database=database_of(service.source, feeds),
        notes=(_judge(service), *notes),
    )


def assessment_here(
    service: Service,
    request: Request,
    here: Here,
    judgement: Judgement,
    *,
    shown: Shown,
    stored: ServiceImage | None = None,
    rows: tuple[dict[str, Any], ...] = (),
    notes: tuple[str, ...] = (),
) -> Assessment:
    """Of an image that was catalogued here, `stored` on the service or scanned once, with these `rows`."""
    distro = here.inventory.distro.id if here.inventory.distro else ""
    found = matches(service, stored.digest, distro) if stored else tuple(match_of(r, distro) for r in rows)
    known = joined(found, here.inventory.packages)
    feeds = service.feeds()
    evaluation = _evaluation(request, judgement, known, feeds)
    digest = Digest.parse(stored.digest) if stored else here.image.digest
    given = load_dockerfile(request.dockerfile) if request.dockerfile else None
    built = with_layers(given, here.image) if given else guess_dockerfile(here.image)
    return Assessment(
        image=replace(here.image, tag=judgement.tag or here.image.tag, digest=digest),
        evaluation=with_unseen(evaluation, shown, is_readable=is_readable(judgement)),
        inventory=here.inventory,
        matches=known,
        dockerfile=built if here.documents else Dockerfile(mode="Unknown"),
        database=database_of(service.source, feeds),
        notes=(f"catalogued here, {_judge(service)}", *notes),
    )


def _judge(service: Service) -> str:
    api = service.api.PREFIX.strip("/")
    return f"judged by {service.source} {service.version} (API {api})"


def _evaluation(
    request: Request, judgement: Judgement, known: tuple[Match, ...], feeds: tuple[Feed, ...] | None
) -> Evaluation:
    return with_feeds(evaluation_of(judgement, request, known), feeds, known)


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
