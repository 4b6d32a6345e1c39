"""What every answer of the probe is."""

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """Immutable. Keys this version does not know are ignored, so the answer of a newer probe can be read too."""

    model_config = ConfigDict(frozen=True, extra="ignore")
