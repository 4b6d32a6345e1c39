"""The common base of every immutable document model."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """An immutable document: unknown keys are errors, numbers are finite, values never change after validation."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)


DAY_S = 86_400.0
Seconds = Annotated[float, Field(gt=0, le=DAY_S)]
"""A time to wait: zero would judge before anything can happen, more than a day nobody waits for."""

NotEmpty = Annotated[str, Field(min_length=1)]
"""A name: empty, it would name nothing."""
