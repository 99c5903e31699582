"""The gate in five lines: `python examples/gate_in_python.py IMAGE`."""

from __future__ import annotations

import sys

from anchore_gate import GateError, gate

try:
    result = gate(sys.argv[1], policy="anchore-default")
except GateError as error:
    sys.exit(f"no verdict: {error}")
print(result.verdict, result.evaluation.final_action.word)
for outcome in result.evaluation.outcomes:
    for finding in outcome.findings:
        print(outcome.action.word, finding.trigger_id, finding.message)
sys.exit(0 if result.passed else 1)
