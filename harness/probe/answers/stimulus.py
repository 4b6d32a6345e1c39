"""What the probe did to provoke telemetry."""

from pydantic import Field

from harness.probe.answers.answer import Answer


class Stimulus(Answer):
    """What a stimulus did, as facts to find again in telemetry."""

    name: str
    nonce: str
    facts: dict[str, str] = Field(default_factory=dict)
