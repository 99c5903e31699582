"""The engine that looks for itself: no server, nothing but the image, the policy and the data they need."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from anchore_gate.engine.engine import Request
from anchore_gate.errors import NetworkError, PolicyError
from anchore_gate.image.dockerfile import guess_dockerfile, load_dockerfile, with_layers
from anchore_gate.image.filesystem import Filesystem
from anchore_gate.image.links import scan
from anchore_gate.image.needs import Needs
from anchore_gate.image.source import OpenImage
from anchore_gate.model.evaluation import Action
from anchore_gate.model.image import Dockerfile, Image, ImageReference
from anchore_gate.model.inventory import Inventory
from anchore_gate.model.result import Assessment
from anchore_gate.policy.bundle import Bundle
from anchore_gate.policy.evaluate import evaluate, passed_over
from anchore_gate.policy.official import by_the_other_name
from anchore_gate.policy.settings import AnalyzerSettings
from anchore_gate.policy.target import NAMELESS, Target
from anchore_gate.policy.trigger import Evidence, MalwareFinding
from anchore_gate.typed import TYPE_CHECKING
from anchore_gate.values import dataclass, field, replace

if TYPE_CHECKING:
    from anchore_gate.engine.clamav import Scanner
    from anchore_gate.image.registry_blob import Progress
    from anchore_gate.image.registry_settings import RegistrySettings
    from anchore_gate.vulnerability.database import DatabaseSettings
    from anchore_gate.vulnerability.matcher import Matched
    from anchore_gate.vulnerability.store import Store
    from anchore_gate.vulnerability.vex import VexDocument

SBOM_SCHEME = "sbom:"
_NOT_SCANNED = "the policy has errors: the image was not scanned"
_MANIFEST_NOTE = "only a package manifest was judged: files, configuration and secrets were not seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen of an image before the policy is asked."""

    image: Image
    files: Filesystem | None  # None: only a manifest is at hand
    inventory: Inventory
    dockerfile: Dockerfile | None
    malware: tuple[MalwareFinding, ...] | None = None  # None: no scan was run
    notes: tuple[str, ...] = (_MANIFEST_NOTE,)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEngine:
    """
    Reads, catalogs and evaluates in this process.

    `settings` say what secrets and contents are looked for, and in how large files; `registry` how registries
    are asked (None: as the environment and the files of docker and podman say); `database` where
    vulnerability data is, which is read only where a rule asks for it; `vex` what is known not to hold.
    """

    settings: AnalyzerSettings = AnalyzerSettings()
    registry: RegistrySettings | None = None
    database: DatabaseSettings | None = None
    vex: tuple[VexDocument, ...] = ()
    offline: bool = False  # registries are not asked
    progress: Progress | None = field(
        default=None, compare=False, repr=False
    )  # told of layers as they arrive
    base: Image | None = None  # what images were built on, for rules that ask
    previous: tuple[tuple[str, Inventory], ...] = ()  # what images had installed before, by their tags
    clamd: Path | None = None  # the socket of ClamAV's daemon; None: where distributions put it
    incomparable: Action = Action.STOP  # what a rule adds that met versions nobody can compare

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
        given = load_dockerfile(request.dockerfile) if request.dockerfile else None
        if request.image.startswith(SBOM_SCHEME):
            return self._assess_manifest(request, request.bundle, given)
        from anchore_gate.image.sources import located, open_image

        if self.offline and located(request.image)[0] == "registry":
            raise NetworkError(f"{request.image} is in a registry, and --offline asks none")
        with open_image(
            request.image,
            platform=request.platform,
            tag=request.tag,
            registry=self.registry,
            progress=self.progress,
        ) as opened:
            return self._assess(request, request.bundle, opened, given)

    def _assess(
        self, request: Request, bundle: Bundle, opened: OpenImage, given: Dockerfile | None
    ) -> Assessment:
        tag = named(request.tag) or opened.image.tag
        target = target_of(replace(opened.image, tag=tag))
        if bundle.selection(target).has_error:
            image = replace(opened.image, tag=tag, annotations=request.annotations)
            blank = Seen(
                image=image, files=None, inventory=Inventory(), dockerfile=given, notes=(_NOT_SCANNED,)
            )
            return self._judged(request, bundle, blank, target, None)
        needs = self._needs(request, bundle.needs(target, self.settings))
        with self._store(needs, bundle, target, request.now) as store:
            scanner = self._scanner(needs)
            files = scan(opened, Needs.union([needs, scanner.needs]) if scanner else needs)
            image = replace(opened.image, tag=tag, annotations=request.annotations)
            dockerfile = with_layers(given, image) if given else guess_dockerfile(image)
            seen = Seen(
                image=image,
                files=files,
                inventory=_inventory(files, needs),
                dockerfile=dockerfile,
                malware=scanner.scan(files) if scanner else None,
                notes=(*files.notes, *(scanner.notes(files) if scanner else _unscanned(needs))),
            )
            return self._judged(request, bundle, seen, target, store)

    def _assess_manifest(self, request: Request, bundle: Bundle, given: Dockerfile | None) -> Assessment:
        """Judge what an SBOM says; rules that need the image itself get a problem."""
        from anchore_gate.catalog.sbom import read_sbom

        image, inventory = read_sbom(Path(request.image.removeprefix(SBOM_SCHEME)))
        tag = named(request.tag) or image.tag
        image = replace(image, name=request.image, tag=tag, annotations=request.annotations)
        seen = Seen(image=image, files=None, inventory=inventory, dockerfile=given)
        target = target_of(image)
        needs = self._needs(request, bundle.needs(target, self.settings))
        seen = replace(seen, notes=(*seen.notes, *_unscanned(needs)))
        with self._store(needs, bundle, target, request.now) as store:
            return self._judged(request, bundle, seen, target, store)

    def _scanner(self, needs: Needs) -> Scanner | None:
        """The malware scanner, where a rule asks for it and there is one. Raises `ConfigError`."""
        if not needs.malware:
            return None
        from anchore_gate.engine.clamav import find_scanner

        return find_scanner(self.clamd, required=self.settings.malware)

    @contextmanager
    def _store(self, needs: Needs, bundle: Bundle, target: Target, now: datetime) -> Iterator[Store | None]:
        """The vulnerability data, where a rule (or a report) asks for it. Raises `DatabaseError`."""
        if not needs.vulnerabilities:
            yield None
            return
        from anchore_gate.vulnerability.cache import Cache, default_folder
        from anchore_gate.vulnerability.database import DatabaseSettings, MissingDatabase, find_store

        settings = self.database or DatabaseSettings(cache=Cache(default_folder(os.environ)))
        asked = {
            rule.trigger
            for rule_set in bundle.selection(target).rule_sets
            for rule in rule_set.rules
            if rule.gate == "vulnerabilities"
        }
        try:
            found = find_store(replace(settings, allows_stale="stale_feed_data" in asked), now=now)
        except MissingDatabase:
            # The policy says itself what missing data means; rules that need it get a problem, and stop.
            if "vulnerability_data_unavailable" not in asked and asked != {"stale_feed_data"}:
                raise
            yield None
            return
        with found as store:
            yield store

    def _judged(
        self, request: Request, bundle: Bundle, seen: Seen, target: Target, store: Store | None
    ) -> Assessment:
        matched = _matched(seen.inventory, store)
        matches = matched.matches if matched else ()
        unseen = (*bundle.unseen(target, self.settings), *by_the_other_name(bundle, target))
        told = (*seen.notes, *unseen, *(matched.notes if matched else ()))
        if self.vex:
            from anchore_gate.vulnerability.vex import apply_vex

            applied = apply_vex(matches, self.vex, seen.image)
            matches, told = applied.matches, (*told, *applied.notes)
        evidence = Evidence(
            image=seen.image,
            files=seen.files,
            inventory=seen.inventory,
            dockerfile=seen.dockerfile or Dockerfile(mode="Unknown"),
            now=request.now,
            malware=seen.malware,
            base=self.base,
            retrieve=self.settings.retrieve,
            previous=dict(self.previous).get(seen.image.tag),
            matches=matches,
            incomparable=matched.incomparable if matched else (),
            database=store.identity if store else None,
            distro_has_data=matched.distro_has_data if matched else None,
        )
        evaluation = evaluate(
            bundle,
            evidence,
            target=target,
            unmapped=request.unmapped,
            unsupported=request.unsupported,
            incomparable=self.incomparable,
        )
        return Assessment(
            image=seen.image,
            evaluation=evaluation,
            inventory=seen.inventory,
            matches=evidence.matches,
            incomparable=matched.incomparable if matched else (),
            database=evidence.database,
            dockerfile=evidence.dockerfile,
            notes=(*told, *passed_over(bundle, evidence, target=target)),
        )

    def _needs(self, request: Request, asked: Needs) -> Needs:
        """The policy's needs, and what cataloging reads where somebody asks for packages."""
        from anchore_gate import catalog
        from anchore_gate.catalog import distro

        packages = (
            asked.packages or asked.vulnerabilities or request.want_packages or request.want_vulnerabilities
        )
        wanted = Needs(packages=packages, vulnerabilities=request.want_vulnerabilities)
        parts = [asked, distro.needs(), wanted]
        return Needs.union([*parts, catalog.needs()] if packages else parts)


def _matched(inventory: Inventory, store: Store | None) -> Matched | None:
    if store is None:
        return None
    from anchore_gate.vulnerability.matcher import match

    return match(inventory, store)


def named(tag: str) -> str:
    """A reference with its registry and tag written out, "" for none. Raises `InvalidReference`."""
    if tag == NAMELESS:
        return tag
    if tag.startswith("dockerhub/"):  # Engine's old name for it
        tag = "docker.io/" + tag.removeprefix("dockerhub/")
    return str(ImageReference.parse(tag)) if tag else ""


def target_of(image: Image) -> Target:
    """The image as mappings and image lists see it."""
    digest, index = (str(one) if one else "" for one in (image.digest, image.index_digest))
    return Target.parse(image.tag, digest=digest, image_id=image.id, index_digest=index)


def _unscanned(needs: Needs) -> tuple[str, ...]:
    said = "no malware scan was run: rules on its findings find nothing (malware/scan_not_run fires)"
    return (said,) if needs.malware else ()


def _inventory(files: Filesystem, needs: Needs) -> Inventory:
    from anchore_gate import catalog
    from anchore_gate.catalog import distro

    if needs.packages:
        return catalog.catalog(files, with_files=needs.package_files)
    return Inventory(distro=distro.find_distro(files))
