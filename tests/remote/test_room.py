"""However many images of this machine wait for a service, few are read at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from anchore_gate.api import gate, gate_all
from anchore_gate.engine import remote_here
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import TimedOut
from tests.support import images
from tests.support.anchore import PASSWORD, Engine, anchore

LAYERS = (images.make_layer({"etc/os-release": "ID=alpine\nVERSION_ID=3.18.9\n"}),)


class Room(threading.BoundedSemaphore):
    """Counts who comes in."""

    entered = 0

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        self.entered += 1
        return super().acquire(blocking, timeout)


def test_few_images_are_read_at_a_time_however_many_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [
        f"docker-archive:{images.docker_archive(tmp_path / f'{number}.tar', LAYERS, tag=f'team/app:{number}')}"
        for number in range(8)
    ]
    room = Room(2)
    monkeypatch.setattr(remote_here, "_AT_A_TIME", room)
    with anchore(Engine(states=["analyzed"])) as service, ThreadPoolExecutor(8) as executor:
        engine = RemoteEngine(url=service.url, username="admin", password=PASSWORD, poll=0.01)
        results = gate_all(names, engine=engine, executor=executor)
    assert {one.verdict for one in results} == {"fail"}
    assert room.entered == len(names)


def test_an_image_that_finds_no_room_in_time_is_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = images.docker_archive(tmp_path / "app.tar", LAYERS, tag="team/app:1")
    room = Room(1)
    monkeypatch.setattr(remote_here, "_AT_A_TIME", room)
    with room, anchore() as service:
        engine = RemoteEngine(url=service.url, username="admin", password=PASSWORD, timeout=0.5)
        with pytest.raises(TimedOut, match="within"):
            gate(f"docker-archive:{archive}", engine=engine)
