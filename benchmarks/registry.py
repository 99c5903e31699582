"""
How long an image takes by reference: `python -m benchmarks.registry [--megabytes 140]`.

Against Debian's `docker-registry` on loopback, and behind a proxy that gives each connection 20 MB/s.
First the scan alone, then the whole `anchore-gate check`: start-up, policy, every package type, secrets.
Each run is a process of its own, so that its peak memory can be read; what is compared runs in turn.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import random
import socket
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from anchore_gate.net.session import Session
from tests.support.registry import (
    CONFIG,
    LAYER,
    MANIFEST,
    BuiltImage,
    descriptor,
    digest_of,
    push,
    run_registry,
)

RATE = 20_000_000  # bytes per second and connection
SHARES = (0.35, 0.25, 0.15, 0.10, 0.10, 0.05)  # of the image, from the base upwards
_POLICY = Path(__file__).parent / "gate_policy.json"
# A small process starts what is measured: a peak outlives an exec, and this one holds the image.
_COST = """
import sys
from benchmarks.gate_beside_syft import measure
cost = measure(sys.argv[1:])
print(cost.wall, cost.cpu, cost.peak)
"""
_SCAN = """
import re, sys, time
from pathlib import Path
from anchore_gate.image.needs import ContentSearch, Needs, Want
from anchore_gate.image.registry_settings import RegistrySettings
from anchore_gate.image.sources import open_image
needs = Needs(wants=(Want(names=frozenset({"status", "os-release", "package.json"})),),
              searches=(ContentSearch(kind="secret", name="AWS", regex="(?i).*aws_secret_access_key"),))
started = time.perf_counter()
with open_image(sys.argv[1], registry=RegistrySettings()) as opened:
    files = opened.scan(needs)
    count = sum(1 for _ in files.entries())
seconds = time.perf_counter() - started
# Not getrusage: its peak outlives an exec, and so would be this benchmark's own.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
print(seconds, peak, count, time.process_time())
"""


def main() -> None:
    """Print one line per way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=140, help="size of the image, compressed")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        run_registry(Path(folder) / "registry", storage=True) as host,
    ):
        image = _build(options.megabytes * 1_000_000)
        push(f"http://{host}", "bench", "1", image)
        archive = Path(folder) / "image.tar"
        _write_layout(archive, image)
        size = sum(map(len, image.layers)) / 1e6
        print(f"{size:.0f} MB in {len(image.layers)} layers; best of {options.repeat}")
        by_file = _best(str(archive), options.repeat)
        by_name = _best(f"{host}/bench:1", options.repeat)
        _say("archive file", by_file)
        _say("registry, loopback", by_name, f"{by_name[0] / by_file[0]:.2f}x (bar 1.30x)")
        _whole(str(archive), f"{host}/bench:1", options.repeat)
        with _throttled(host) as slow:
            _slowly(slow, image, options.repeat)


def _slowly(host: str, image: BuiltImage, repeat: int) -> None:
    """The bare download, the scan and the whole check in turn; the shortest of each."""
    name = f"{host}/bench:1"
    runs = [(_bare(host, image), _best(name, 1), _checked(name)) for _ in range(repeat)]
    bare = min(one for one, _, _ in runs)
    scanned = min((one for _, one, _ in runs), key=lambda one: one[0])
    checked = min((one for _, _, one in runs), key=lambda one: one[0])
    print(f"{'bare, 4 x 20 MB/s':21} {bare:6.2f} s")
    _say("registry, 4 x 20 MB/s", scanned, f"{scanned[0] / bare:.2f}x (bar 1.15x)")
    _say_cost("check, 4 x 20 MB/s", [checked], f"{checked[0] / bare:.2f}x (bar 1.15x)")


def _whole(archive: str, name: str, repeat: int) -> None:
    """`anchore-gate check` of both in turn; the first pair warms up."""
    pairs = [(_checked(archive), _checked(name)) for _ in range(repeat + 1)][1:]
    by_file, by_name = [one for one, _ in pairs], [one for _, one in pairs]
    walls = [statistics.median(one[0] for one in several) for several in (by_name, by_file)]
    cpus = [statistics.median(one[1] for one in several) for several in (by_name, by_file)]
    _say_cost("check, archive file", by_file)
    ratio = f"{walls[0] / walls[1]:.2f}x, CPU {cpus[0] / cpus[1]:.2f}x (bar 1.30x)"
    _say_cost("check, loopback", by_name, ratio)


def _checked(image: str) -> tuple[float, float, float]:
    """Wall and CPU seconds and the peak in MiB of one `anchore-gate check`."""
    command = [sys.executable, "-m", "anchore_gate", "check", image, "--policy", str(_POLICY)]
    done = subprocess.run([sys.executable, "-c", _COST, *command], check=True, capture_output=True, text=True)
    wall, cpu, peak = (float(word) for word in done.stdout.split())
    return wall, cpu, peak


def _say_cost(what: str, costs: list[tuple[float, float, float]], ratio: str = "") -> None:
    wall, cpu = (statistics.median(one[i] for one in costs) for i in (0, 1))
    print(f"{what:21} {wall:6.2f} s  {cpu:5.2f} s CPU  {max(one[2] for one in costs):4.0f} MiB  {ratio}")


def _say(what: str, run: tuple[float, float, float, float], ratio: str = "") -> None:
    print(f"{what:21} {run[0]:6.2f} s  {run[3]:5.2f} s CPU  {run[1]:4.0f} MiB  {run[2]:.0f} files  {ratio}")


def _best(image: str, repeat: int) -> tuple[float, float, float, float]:
    """The shortest time, the highest memory, the number of files, the least CPU time."""
    runs = []
    for _ in range(repeat):
        done = subprocess.run(
            [sys.executable, "-c", _SCAN, image], check=True, capture_output=True, text=True
        )
        runs.append([float(word) for word in done.stdout.split()])
    return min(run[0] for run in runs), max(run[1] for run in runs), runs[0][2], min(run[3] for run in runs)


def _bare(host: str, image: BuiltImage) -> float:
    """Download the layers with four connections, top layer first as the scan does, and drop them."""
    started = time.perf_counter()
    with Session() as session, ThreadPoolExecutor(4) as pool:

        def drop(stored: bytes) -> None:
            url = f"http://{host}/v2/bench/blobs/{digest_of(stored)}"
            with session.request("GET", url) as answer:
                for _ in answer.stream(256 * 1024):
                    pass

        list(pool.map(drop, reversed(image.layers)))
    return time.perf_counter() - started


def _build(size: int) -> BuiltImage:
    """Files of 4 to 60 KB whose compressed size is about a third, as in images of software."""
    chooser = random.Random(1)
    noise = chooser.randbytes(4_000_000)
    words = [noise[i : i + 12].hex().encode() for i in range(0, 60_000, 12)]
    plain, stored = [], []
    for number, share in enumerate(SHARES):
        out = io.BytesIO()
        packed = gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1, mtime=0)
        tar_bytes = io.BytesIO()
        tar = tarfile.open(fileobj=tar_bytes, mode="w")  # noqa: SIM115  # closed below, before its end is read
        count = 0
        while out.tell() < size * share:
            length = chooser.randrange(4_000, 60_000)
            start = chooser.randrange(len(noise) - length)
            content = noise[start : start + length // 3] + b" ".join(chooser.choices(words, k=length // 37))
            member = tarfile.TarInfo(f"usr/lib/layer{number}/part{count % 50}/file{count}.txt")
            member.size, count = len(content), count + 1
            begin = tar_bytes.tell()
            tar.addfile(member, io.BytesIO(content))
            packed.write(tar_bytes.getbuffer()[begin : tar_bytes.tell()])
        begin = tar_bytes.tell()
        tar.close()
        packed.write(tar_bytes.getbuffer()[begin:])
        packed.close()
        plain.append(digest_of(tar_bytes.getbuffer()))
        stored.append(out.getvalue())
    config = json.dumps(
        {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": plain}}
    )
    layers = [descriptor(LAYER, one) for one in stored]
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(CONFIG, config.encode()),
        "layers": layers,
    }
    blobs = {digest_of(one): one for one in (config.encode(), *stored)}
    return BuiltImage(stored, config.encode(), json.dumps(manifest).encode(), blobs=blobs)


def _write_layout(path: Path, image: BuiltImage) -> None:
    index = {"schemaVersion": 2, "manifests": [descriptor(MANIFEST, image.manifest)]}
    files = {
        "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
        "index.json": json.dumps(index).encode(),
        **{f"blobs/sha256/{digest_of(one)[7:]}": one for one in (image.manifest, *image.blobs.values())},
    }
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


@contextmanager
def _throttled(host: str) -> Iterator[str]:
    """A proxy in a process of its own; each connection through it gets `RATE`."""
    command = [sys.executable, "-c", f"from benchmarks.registry import _proxy; _proxy({host!r})"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        yield f"127.0.0.1:{running.stdout.readline().strip()}"
        running.terminate()


def _proxy(host: str) -> None:
    name, _, port = host.partition(":")
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            client, _ = server.accept()
            upstream = socket.create_connection((name, int(port)))
            threading.Thread(target=_pump, args=(client, upstream, 0), daemon=True).start()
            threading.Thread(target=_pump, args=(upstream, client, RATE), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket, rate: int) -> None:
    due = time.perf_counter()
    with source, target:
        try:
            while piece := source.recv(256 * 1024):
                if rate:
                    due = max(due, time.perf_counter() - 0.01) + len(piece) / rate
                    time.sleep(max(0.0, due - time.perf_counter()))
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return


if __name__ == "__main__":
    main()
