"""
A policy of 1,000 rules and 50,000 allowlist items against one of 10 rules, whole processes, same image.

    python -m benchmarks.policy [IMAGE]

The larger policy costs 0.06 s, whatever the image: half of it to read 8 MB of JSON.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TINY = Path(__file__).parents[1] / "tests/vectors/policy-cases/images/tinydeb.tar"
ROUNDS = 9


def policy(rules: int, items: int) -> dict[str, Any]:
    """A policy of so many rules, one of which finds something, and so many accepted findings."""
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
    if number == 0:  # something is found, so that the allowlist is asked
        params, gate, trigger = {}, "always", "always"
    elif number % 2:
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


def seconds(path: Path, image: str) -> tuple[float, float]:
    """The quickest of some whole runs, on the clock and on the processor."""
    check = [sys.executable, "-m", "anchore_gate", "check", image]
    clock, processor = [], []
    for _ in range(ROUNDS):
        start, before = time.perf_counter(), _spent()
        subprocess.run([*check, "--policy", str(path)], check=False, capture_output=True)
        clock.append(time.perf_counter() - start)
        processor.append(_spent() - before)
    return min(clock), min(processor)


def _spent() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def main(image: str) -> None:
    """Time both, and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        for rules, items in ((10, 0), (1_000, 50_000)):
            path = Path(folder) / f"{rules}.json"
            path.write_text(json.dumps(policy(rules, items)))
            clock, processor = seconds(path, image)
            print(f"{rules:>6} rules {items:>6} items  {clock:.3f} s  {processor:.3f} s of processor")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else f"docker-archive:{TINY}")
