"""The 2024 API's request bodies. Answers are documented by `openapi/legacy.yaml` alone.

Source: the 2024 documentation of dedicated endpoints. Unknown fields are ignored, as in v1.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

# The service's own bound is not known; this one keeps a day's replica-time within 64 bits.
Replicas = Annotated[int, Field(ge=1, le=1_000_000)]


class _Body(BaseModel):
    model_config = ConfigDict(strict=True)


class CreateModelRequest(_Body):
    """An import of a model; of the token nothing is kept."""

    model_config = ConfigDict(strict=True, protected_namespaces=())

    model_name: str = Field(min_length=1)
    model_source: str = Field(min_length=1)
    hf_token: str | None = Field(default=None, json_schema_extra={"writeOnly": True})
    description: str | None = None


class CreateLegacyEndpointRequest(_Body):
    """A creation; `model` is the id or the name of a model."""

    model: str
    hardware_name: str
    suffix: str | None = None


class StartAutoscaling(_Body):
    """Bounds on the number of replicas; one that is absent or null keeps its value."""

    min_replicas: Replicas | None = None
    max_replicas: Replicas | None = None


class StartEndpointRequest(_Body):
    """A start."""

    autoscaling: StartAutoscaling | None = None
