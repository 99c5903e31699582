"""The one way in: `gate` judges an image, `gate_all` many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from anchore_gate.errors import GateError, PolicyError
from anchore_gate.model.evaluation import Action
from anchore_gate.model.image import Platform
from anchore_gate.model.result import GateResult, NoVerdict
from anchore_gate.typed import TYPE_CHECKING
from anchore_gate.values import dataclass, field, replace

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from anchore_gate.engine.engine import Engine
    from anchore_gate.policy.bundle import Bundle
    from anchore_gate.policy.narrowing import Narrowing

_WAITING = 256  # images that wait for a service at the same time
DEFAULT_POLICY = "anchore-default"


def _nothing() -> Narrowing:
    from anchore_gate.policy.narrowing import Narrowing

    return Narrowing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All that `gate` is asked besides the image: picklable, so that an executor can carry it."""

    policy: Bundle | None
    engine: Engine
    dockerfile: Path | None = None
    platform: Platform | None = None
    tag: str = ""
    fail_on: Action | None = Action.STOP
    unmapped: Action = Action.STOP
    unsupported: Action = Action.STOP
    annotations: tuple[tuple[str, str], ...] = ()
    want_packages: bool = False
    want_vulnerabilities: bool = False
    narrowing: Narrowing = field(default_factory=_nothing)
    now: datetime


def gate(
    image: str,
    *,
    policy: Bundle | Path | str | None = None,
    engine: Engine | None = None,
    dockerfile: Path | str | None = None,
    platform: Platform | str | None = None,
    tag: str = "",
    fail_on: Action | None = Action.STOP,
    unmapped: Action = Action.STOP,
    unsupported: Action = Action.STOP,
    annotations: tuple[tuple[str, str], ...] = (),
    narrowing: Narrowing | None = None,
    want_packages: bool = True,
    now: datetime | None = None,
) -> GateResult:
    """
    Decide whether an image may go on.

    `image` is a reference (`registry.example.com/team/app:1.2`) or a place with its scheme
    (`docker-archive:app.tar`, `oci-archive:app.tar`, `oci-dir:layout`, `dir:rootfs`); a path that exists
    is recognised without one. `policy` is a parsed bundle, the path of a policy file, or the name of one
    that ships (`anchore-default` where nothing is given). `engine` looks: `LocalEngine()` by default, which
    needs no server. `dockerfile` is the file the image was built from, `tag` the name that the policy's
    mappings see when the image comes from a file, `fail_on` the action that fails (None: never).

    The result's `passed` is the verdict; `evaluation` holds every rule that was asked, with its findings. It
    decides: it prints, writes and exits nothing. `now` is the time that expiry dates are compared with.

    Raises `GateError` when no verdict could be reached: a gate that cannot see lets nobody through.
    """
    return _judge(
        image,
        _question(
            policy=policy,
            engine=engine,
            dockerfile=dockerfile,
            platform=platform,
            tag=tag,
            fail_on=fail_on,
            unmapped=unmapped,
            unsupported=unsupported,
            annotations=annotations,
            narrowing=narrowing,
            want_packages=want_packages,
            now=now,
        ),
    )


def gate_all(
    images: Sequence[str],
    *,
    executor: Executor | None = None,
    policy: Bundle | Path | str | None = None,
    engine: Engine | None = None,
    platform: Platform | str | None = None,
    fail_on: Action | None = Action.STOP,
    unmapped: Action = Action.STOP,
    unsupported: Action = Action.STOP,
    annotations: tuple[tuple[str, str], ...] = (),
    narrowing: Narrowing | None = None,
    want_packages: bool = True,
    now: datetime | None = None,
) -> tuple[GateResult | NoVerdict, ...]:
    """
    Decide for many images, in the order given. An image that cannot be judged becomes a `NoVerdict`.

    `executor` is any `concurrent.futures.Executor`: threads, processes, or Dask's (`client.get_executor()`);
    None judges one after another, but has all images wait at once where a service looks; its `timeout` is
    for all of them. The other words are those of `gate`. Raises `GateError` only for what concerns all
    images: a policy that cannot be understood, say.
    """
    from anchore_gate.engine.engine import is_waiting, run_of

    question = _question(
        policy=policy,
        engine=engine,
        dockerfile=None,
        platform=platform,
        tag="",
        fail_on=fail_on,
        unmapped=unmapped,
        unsupported=unsupported,
        annotations=annotations,
        narrowing=narrowing,
        want_packages=want_packages,
        now=now,
    )
    with run_of(question.engine) as looking:
        asked = replace(question, engine=looking)
        if executor is not None:
            return _together(images, asked, executor)
        if not is_waiting(looking):
            return tuple(judge(image, asked) for image in images)
        return _waited_for(images, asked)


def _together(
    images: Sequence[str], question: Question, executor: Executor
) -> tuple[GateResult | NoVerdict, ...]:
    waiting: list[Future[GateResult | NoVerdict]] = [
        executor.submit(judge, image, question) for image in images
    ]
    return tuple(future.result() for future in waiting)


def _waited_for(images: Sequence[str], question: Question) -> tuple[GateResult | NoVerdict, ...]:
    """All at once: the work is done elsewhere."""
    from concurrent.futures import ThreadPoolExecutor

    executor = ThreadPoolExecutor(max(1, min(_WAITING, len(images))))
    try:
        return _together(images, question, executor)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def judge(image: str, question: Question) -> GateResult | NoVerdict:
    """The verdict on one image, or why there is none. Raises nothing that says less."""
    try:
        return _judge(image, question)
    except GateError as error:
        return NoVerdict.of(error, name=image, now=question.now)
    except Exception as error:  # noqa: BLE001  # the last door: a crash is "no verdict", never a pass
        crash = GateError(f"internal: {type(error).__name__}: {error}")
        return NoVerdict.of(crash, name=image, now=question.now)


def _question(
    *,
    policy: Bundle | Path | str | None,
    engine: Engine | None,
    dockerfile: Path | str | None,
    platform: Platform | str | None,
    tag: str,
    fail_on: Action | None,
    unmapped: Action,
    unsupported: Action,
    annotations: tuple[tuple[str, str], ...],
    narrowing: Narrowing | None,
    want_packages: bool,
    now: datetime | None,
) -> Question:
    from anchore_gate.engine.local import LocalEngine

    looking = engine or LocalEngine()
    return Question(
        policy=_bundle(policy, looking),
        engine=looking,
        dockerfile=Path(dockerfile) if dockerfile is not None else None,
        platform=Platform.parse(platform) if isinstance(platform, str) else platform,
        tag=tag,
        fail_on=fail_on,
        unmapped=unmapped,
        unsupported=unsupported,
        annotations=annotations,
        narrowing=narrowing or _nothing(),
        want_packages=want_packages,
        now=now or datetime.now(timezone.utc),
    )


def _bundle(policy: Bundle | Path | str | None, engine: Engine) -> Bundle | None:
    from anchore_gate.policy.bundle import Bundle, load_bundle

    if isinstance(policy, Bundle):
        return policy
    if policy is None and engine.name == "remote":
        return None
    bundle = load_bundle(policy if policy is not None else DEFAULT_POLICY)
    if not (bundle.mappings or bundle.rule_sets or bundle.problems):
        raise PolicyError(f"the policy {bundle.name or bundle.id!r} is empty: it asks nothing of any image")
    return bundle


def _judge(image: str, question: Question) -> GateResult:
    from anchore_gate.engine.engine import Request

    grounds = question.engine.assess(
        Request(
            image=image,
            bundle=question.policy,
            now=question.now,
            tag=question.tag,
            dockerfile=question.dockerfile,
            platform=question.platform,
            unmapped=question.unmapped,
            unsupported=question.unsupported,
            want_packages=question.want_packages,
            want_vulnerabilities=question.want_vulnerabilities,
            annotations=question.annotations,
        )
    )
    return GateResult(
        image=grounds.image,
        evaluation=question.narrowing.apply(grounds.evaluation, grounds.image),
        inventory=grounds.inventory,
        matches=grounds.matches,
        incomparable=grounds.incomparable,
        dockerfile=grounds.dockerfile,
        database=grounds.database,
        notes=grounds.notes,
        engine=question.engine.name,
        engine_version=question.engine.version,
        fail_on=question.fail_on,
        decided_at=question.now,
    )
