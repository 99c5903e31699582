"""The policy that decides is the one that was asked for."""

from __future__ import annotations

import pytest

from anchore_gate.api import gate
from anchore_gate.engine.remote import RemoteEngine
from anchore_gate.errors import RemoteError
from tests.support.anchore import ALPINE, PASSWORD, Engine, anchore


def test_a_judgement_by_another_policy_is_no_verdict() -> None:
    with anchore(Engine(ignores_policy=True)) as service:
        engine = RemoteEngine(url=service.url, username="admin", password=PASSWORD, poll=0.01)
        with pytest.raises(RemoteError, match="judged by 'trace-b1'"):
            gate(ALPINE, policy="anchore-default", engine=engine)
        assert service.policies == {}
