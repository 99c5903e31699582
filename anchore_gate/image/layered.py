"""An image made of layer blobs, wherever these come from: each is read once, checked and put in its place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack

from anchore_gate.errors import ImageError, LimitExceeded
from anchore_gate.image.contents import LayerContents, shared
from anchore_gate.image.decompress import ByteSource, PlainStream
from anchore_gate.image.layer import LayerWalk
from anchore_gate.image.limits import GIB, MAX_LAYERS, MAX_PLAIN, MIB
from anchore_gate.image.needs import Needs
from anchore_gate.image.plan import Plan
from anchore_gate.image.source import ImageDocuments
from anchore_gate.image.spool import Spool
from anchore_gate.image.squashed import SquashedFilesystem
from anchore_gate.image.tarstream import TarStream
from anchore_gate.model.image import Image, Layer
from anchore_gate.typed import Protocol
from anchore_gate.values import replace

# Below this a thread costs more than it brings.
_WORTH_A_THREAD = 4 * MIB


class LayerBlob(Protocol):
    """A layer as stored. It may be opened more than once, and beside others."""

    @property
    def layer(self) -> Layer:
        """What is expected of it."""

    def open(self) -> AbstractContextManager[ByteSource]:
        """Its bytes from the start. Raises `ImageError`, `RegistryError`, `NetworkError`."""


class LayeredImage:
    """See `OpenImage`. A context manager: what the scan kept is gone at its end."""

    def __init__(
        self,
        image: Image,
        blobs: Sequence[LayerBlob],
        *,
        workers: int = 2,
        documents: ImageDocuments | None = None,
    ) -> None:
        """Take the blobs of `image.layers`, from the base upwards; `workers` are read at a time."""
        if len(blobs) > MAX_LAYERS:
            raise LimitExceeded(f"{image.name}: {len(blobs)} layers, more than {MAX_LAYERS}")
        self._image = image
        self._blobs = tuple(blobs)
        self._workers = workers
        self._documents = documents
        self._spools = ExitStack()
        self._plain_sizes: dict[int, int] = {}

    def __enter__(self) -> LayeredImage:
        return self

    def __exit__(self, *_: object) -> None:
        self._spools.close()

    @property
    def image(self) -> Image:
        """See `OpenImage.image`. Its size is known after the scan."""
        if len(self._plain_sizes) < len(self._blobs):
            return self._image
        return replace(self._image, size=sum(self._plain_sizes.values()))

    @property
    def documents(self) -> ImageDocuments | None:
        """See `OpenImage.documents`."""
        return self._documents

    def scan(self, needs: Needs) -> SquashedFilesystem:
        """See `OpenImage.scan`."""
        plan = Plan(needs)
        spool = Spool()
        self._spools.callback(spool.close)
        files = SquashedFilesystem(plan, spool)
        reader = _Reader(plan, spool, files, self._plain_sizes)
        top_down = self._blobs[::-1]
        if sum(blob.layer.size for blob in top_down) < _WORTH_A_THREAD or len(top_down) < 2:
            for blob in top_down:
                files.add(reader.read(blob))
        else:
            _in_threads(top_down, reader, files.add, min(self._workers, len(top_down)))
        reader.follow_links(self._blobs)
        _refuse_detours(files, plan)
        return files


def _refuse_detours(files: SquashedFilesystem, plan: Plan) -> None:
    """Raises `ImageError` where a layer writes evidence through a link: nobody would look for it there."""
    for path, target in files.written_through():
        if plan.is_lost(path, target):
            raise ImageError(
                f"{path[:200]!r} lies beneath a symbolic link: containers have it at {target[:200]!r}"
            )


class _Reader:
    """Reads single layers for one scan."""

    def __init__(
        self, plan: Plan, spool: Spool, files: SquashedFilesystem, plain_sizes: dict[int, int]
    ) -> None:
        self.stopped = threading.Event()
        self._plan = plan
        self._spool = spool
        self._files = files
        self._plain_sizes = plain_sizes

    def read(self, blob: LayerBlob) -> LayerContents:
        """Walk one layer and check its digests. Raises `ImageError`."""
        walk = LayerWalk(self._plan, self._spool, blob.layer.index, covered=self._files.covers)
        what = layer_name(blob.layer)
        ahead = blob.layer.size >= _WORTH_A_THREAD
        with (
            blob.open() as source,
            PlainStream(
                _Stoppable(source, self.stopped), what=what, ahead=ahead, algorithms=_algorithms(blob.layer)
            ) as plain,
        ):
            contents = walk.read(TarStream(plain, what=what), what=what)
            plain.finish()
        _check(blob.layer, plain, what)
        self._plain_sizes[blob.layer.index] = plain.plain_size
        if sum(list(self._plain_sizes.values())) > MAX_PLAIN:
            raise LimitExceeded(f"{what}: the layers are larger than {MAX_PLAIN // GIB} GiB together")
        return contents

    def follow_links(self, blobs: Sequence[LayerBlob]) -> None:
        """Give hard links the bytes of what they lead to, by a second look where nobody wanted these."""
        again: dict[int, dict[str, list[str]]] = {}
        for path in sorted(self._files.links, key=self._layer_and_path):  # what a link leads to comes first
            if path in self._files.dangling:
                self._follow_down(path, self._files.links[path])
            record = self._files.record(path)
            if record is not None and record[0][0] == "file" and self._needs_a_look(path, record[1]):
                again.setdefault(record[0][4], {}).setdefault(self._brought_as(path)[1], []).append(path)
        for index, names in sorted(again.items()):
            self._look_again(blobs[index], names)

    def _layer_and_path(self, path: str) -> tuple[int, str]:
        record = self._files.record(path)
        return record[0][4] if record is not None else -1, path

    def _follow_down(self, path: str, target: str) -> None:
        """Let a link have what a lower layer has. Raises `ImageError`."""
        found, own = self._files.record(target), self._files.record(path)
        if found is None or (own is not None and found[0][4] > own[0][4]):
            what = f"{path[:200]!r} is a hard link to {target[:200]!r}"
            raise ImageError(f"{what}, which is not there, or hidden by a higher layer")
        self._files.learn(path, shared(self._files.facts(target), self._plan, path, found[1]), found)

    def _brought_as(self, path: str) -> tuple[str, str]:
        """What a link is called in the layer that has its file, and the file's first name there."""
        while path in self._files.dangling:
            path = self._files.links[path]
        return path, self._files.links.get(path, path)

    def _needs_a_look(self, path: str, size: int) -> bool:
        known = self._files.facts(path)
        wanted = known.content is None and self._plan.within(self._plan.wanted(path), size)
        summed = self._plan.algorithms(path) <= dict(known.checksums).keys()
        is_unseen = self._brought_as(path)[0] in self._files.unseen
        return bool(wanted or not summed or (is_unseen and self._plan.looks_into(size)))

    def _look_again(self, blob: LayerBlob, names: dict[str, list[str]]) -> None:
        walk = LayerWalk(self._plan, self._spool, blob.layer.index, covered=lambda _path: False)
        what = layer_name(blob.layer)
        with blob.open() as source:
            plain = PlainStream(source, what=what, algorithms=_algorithms(blob.layer))
            found = walk.reread(TarStream(plain, what=what), names)
            plain.finish()
        _check(blob.layer, plain, what)
        for first, paths in names.items():
            for path in paths:
                facts, record = (
                    found.get(self._brought_as(path)[0], found.get(first)),
                    self._files.record(path),
                )
                if facts is not None and record is not None:
                    self._files.learn(path, shared(facts, self._plan, path, record[1]), record)


class _Stoppable:
    """A source that ends the reading when another layer failed."""

    def __init__(self, source: ByteSource, stopped: threading.Event) -> None:
        self._source = source
        self._stopped = stopped

    def read(self, size: int, /) -> bytes:
        if self._stopped.is_set():
            raise ImageError("stopped")
        return self._source.read(size)


def _in_threads(
    blobs: Sequence[LayerBlob], reader: _Reader, add: Callable[[LayerContents], None], workers: int
) -> None:
    """Read several layers at a time, hand them on in order."""
    results: list[LayerContents | BaseException | None] = [None] * len(blobs)
    ready = [threading.Event() for _ in blobs]
    queue = iter(enumerate(blobs))
    lock = threading.Lock()

    def work() -> None:
        while not reader.stopped.is_set():
            with lock:
                number, blob = next(queue, (-1, None))
            if blob is None:
                return
            try:
                results[number] = reader.read(blob)
            except BaseException as problem:  # noqa: BLE001  # raised again where it is waited for
                results[number] = problem
            ready[number].set()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        for number, event in enumerate(ready):
            event.wait()
            result, results[number] = results[number], None
            if isinstance(result, LayerContents):
                add(result)
            elif result is not None:
                raise result
    finally:
        reader.stopped.set()
        for thread in threads:
            thread.join()


def _check(layer: Layer, plain: PlainStream, what: str) -> None:
    """Compare the digests and the size with what manifest and config say. Raises `ImageError`."""
    if layer.digest is not None:
        if plain.stored_hex != layer.digest.hex:
            found = f"{layer.digest.algorithm}:{plain.stored_hex}"
            raise ImageError(f"{what}: its blob is {found}, the manifest says {layer.digest}")
        if layer.size and plain.stored_size != layer.size:
            raise ImageError(
                f"{what}: its blob has {plain.stored_size} bytes, the manifest says {layer.size}"
            )
    if plain.plain_hex != layer.diff_id.hex:
        found = f"{layer.diff_id.algorithm}:{plain.plain_hex}"
        raise ImageError(f"{what}: its content is {found}, the config says {layer.diff_id}")


def _algorithms(layer: Layer) -> tuple[str, str]:
    """What the stored and the plain bytes are hashed by: what manifest and config name them by."""
    return layer.digest.algorithm if layer.digest else "", layer.diff_id.algorithm


def layer_name(layer: Layer) -> str:
    """What an error calls a layer."""
    return f"layer {layer.index} ({str(layer.digest or layer.diff_id)[:19]})"
