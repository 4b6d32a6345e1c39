"""From plan and cell reports to the verdict, and the artifact that publishes it."""

from harness.gate.artifact import build_gate, publish, read_gate
from harness.gate.verdict import Judgement, judge

__all__ = ["Judgement", "build_gate", "judge", "publish", "read_gate"]
