"""The common base of every immutable document model."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable document: unknown keys are errors, values never change after validation."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
