"""
A policy of 1,000 rules and 50,000 allowlist items against one of 10 rules, whole processes, same image.

    python -m benchmarks.policy [ROUNDS]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_PROCESS = """
import sys
from datetime import datetime, timezone
from anchore_gate.image.dockerfile import parse_dockerfile
from anchore_gate.model.image import Image
from anchore_gate.model.inventory import Inventory, Package
from anchore_gate.policy.bundle import load_bundle
from anchore_gate.policy.evaluate import evaluate
from anchore_gate.policy.target import Target
from anchore_gate.policy.trigger import Evidence
packages = tuple(Package(type="deb", name=f"package{n}", version="1") for n in range(300))
steps = "".join(f"RUN install tool{n}\\n" for n in range(20))
evidence = Evidence(image=Image(name="x", source="made"), files=None, inventory=Inventory(packages=packages),
    dockerfile=parse_dockerfile("FROM base\\n" + steps), now=datetime.now(timezone.utc))
print(evaluate(load_bundle(sys.argv[1]), evidence, target=Target.parse("app:1")).final_action.word)
"""


def policy(rules: int, items: int) -> dict[str, Any]:
    """A policy of so many rules, half of them of packages, and so many accepted findings."""
    return {
        "id": "made",
        "name": "made",
        "version": "2",
        "rule_sets": [
            {"id": "rules", "name": "rules", "version": "2", "rules": [_rule(n) for n in range(rules)]}
        ],
        "allowlists": [
            {"id": "items", "name": "items", "version": "2", "items": [_item(n) for n in range(items)]}
        ],
        "mappings": [
            {
                "id": "all",
                "name": "all",
                "registry": "*",
                "repository": "*",
                "image": {"type": "tag", "value": "*"},
                "rule_set_ids": ["rules"],
                "allowlist_ids": ["items"],
            }
        ],
    }


def _rule(number: int) -> dict[str, Any]:
    if number % 2:
        params = {"instruction": "RUN", "check": "like", "value": f".*tool{number}\\b.*"}
        gate, trigger = "dockerfile", "instruction"
    else:
        params = {"name": f"package{number}"}
        gate, trigger = "packages", "denylist"
    given = [{"name": name, "value": value} for name, value in params.items()]
    return {"id": f"r{number}", "gate": gate, "trigger": trigger, "action": "STOP", "params": given}


def _item(number: int) -> dict[str, Any]:
    return {
        "id": f"i{number}",
        "gate": "vulnerabilities",
        "trigger_id": f"CVE-2026-{number}+package{number % 300}",
        "expires_on": f"2099-{1 + number % 12:02}-{1 + number % 28:02}T00:00:00Z",
        "reason": "not reachable in this image",
    }


def seconds(path: Path, rounds: int) -> float:
    """The quickest of some whole processes: start, load, evaluate, end."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", _PROCESS, str(path)], check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)


def main(rounds: int) -> None:
    """Time both, and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        for rules, items in ((10, 0), (1_000, 50_000)):
            path = Path(folder) / f"{rules}.json"
            path.write_text(json.dumps(policy(rules, items)))
            print(f"{rules:>6} rules {items:>6} items  {seconds(path, rounds):.3f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
