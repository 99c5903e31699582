"""The engine that looks for itself: no server, nothing but the image, the policy and the data they need."""

from __future__ import annotations

from dataclasses import dataclass, replace

from anchore_gate.engine.engine import Request
from anchore_gate.errors import PolicyError
from anchore_gate.image.dockerfile import guess_dockerfile, load_dockerfile, with_layers
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.needs import Needs
from anchore_gate.image.source import OpenImage
from anchore_gate.model.image import Dockerfile, Image, ImageReference
from anchore_gate.model.inventory import Inventory
from anchore_gate.model.result import Assessment
from anchore_gate.policy.bundle import Bundle
from anchore_gate.policy.evaluate import evaluate
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.policy.target import Target
from anchore_gate.policy.trigger import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEngine:
    """
    Reads, catalogs and evaluates in this process.

    `settings` say what secrets and contents are looked for, and in how large files.
    """

    settings: AnalyzerSettings = AnalyzerSettings()

    @property
    def name(self) -> str:
        """See `Engine.name`."""
        return "local"

    @property
    def version(self) -> str:
        """See `Engine.version`."""
        from anchore_gate import __version__

        return __version__

    def assess(self, request: Request) -> Assessment:
        """See `Engine.assess`."""
        if request.bundle is None:
            raise PolicyError("the embedded engine needs a policy: --policy FILE|NAME")
        from anchore_gate.image.sources import open_image

        given = load_dockerfile(request.dockerfile) if request.dockerfile else None
        with open_image(request.image, platform=request.platform, tag=request.tag) as opened:
            return self._assess(request, request.bundle, opened, given)

    def _assess(
        self, request: Request, bundle: Bundle, opened: OpenImage, given: Dockerfile | None
    ) -> Assessment:
        tag = named(request.tag) or opened.image.tag
        target = target_of(replace(opened.image, tag=tag))
        needs = self._needs(request, bundle.needs(target, self.settings))
        files = opened.scan(needs)
        image = replace(opened.image, tag=tag, annotations=request.annotations)
        inventory = _inventory(files, needs)
        dockerfile = with_layers(given, image) if given else guess_dockerfile(image)
        evidence = Evidence(
            image=image, files=files, inventory=inventory, dockerfile=dockerfile, now=request.now
        )
        evaluation = evaluate(
            bundle,
            evidence,
            target=target,
            unmapped=request.unmapped,
            unsupported=request.unsupported,
        )
        return Assessment(
            image=image,
            evaluation=evaluation,
            inventory=inventory,
            dockerfile=dockerfile,
            notes=tuple(files.notes),
        )

    def _needs(self, request: Request, asked: Needs) -> Needs:
        """The policy's needs, and what cataloging reads where somebody asks for packages."""
        from anchore_gate import catalog
        from anchore_gate.catalog import distro

        packages = asked.packages or asked.vulnerabilities or request.want_packages
        parts = [asked, distro.needs(), Needs(packages=packages)]
        return Needs.union([*parts, catalog.needs()] if packages else parts)


def named(tag: str) -> str:
    """A reference with its registry and tag written out, "" for none. Raises `InvalidReference`."""
    return str(ImageReference.parse(tag)) if tag else ""


def target_of(image: Image) -> Target:
    """The image as mappings and image lists see it."""
    return Target.parse(image.tag, digest=str(image.digest) if image.digest else "", image_id=image.id)


def _inventory(files: Filesystem, needs: Needs) -> Inventory:
    from anchore_gate import catalog
    from anchore_gate.catalog import distro

    if needs.packages:
        return catalog.catalog(files, with_files=needs.package_files)
    return Inventory(distro=distro.find_distro(files))
