"""v1's wire shapes of uploads, jobs and adapters.

Sources: OpenAPI 2.0.0 and the together-v1 reference, 2.4 and 4.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from together_mock.api.v1.schemas import Answer


class ModelUploadRequest(BaseModel):
    """An upload. Unknown fields are ignored, as far as is known of the service."""

    model_config = ConfigDict(strict=True, protected_namespaces=())

    model_name: str = Field(min_length=1)
    model_source: str = Field(min_length=1)
    # `lora` is what oumi sends.
    model_type: Literal["model", "adapter", "lora"] | None = "model"
    hf_token: str | None = Field(default=None, json_schema_extra={"writeOnly": True})
    description: str | None = None
    base_model: str | None = None
    lora_model: str | None = None
    allow_unsupported: bool | None = False


class UploadedModel(BaseModel):
    """What an upload makes: a job, and a model once that is Complete."""

    model_config = ConfigDict(protected_namespaces=())

    job_id: str
    model_name: str
    model_id: str
    model_source: str


class ModelUploadResponse(BaseModel):
    """An upload that was taken; without `data` nothing is to be done."""

    data: UploadedModel = Field(default=None)  # type: ignore[assignment]
    message: str


class StatusUpdate(BaseModel):
    """A status that a job has had, and since when."""

    status: str
    message: str
    timestamp: str = Field(json_schema_extra={"format": "date-time"})


class JobArgs(BaseModel):
    """What a job was told."""

    description: str = Field(default=None)  # type: ignore[assignment]
    modelName: str  # noqa: N815 - the service's own spelling
    modelSource: str  # noqa: N815


class Job(BaseModel):
    """An upload job."""

    type: str
    job_id: str
    status: Literal["Queued", "Running", "Complete", "Failed"]
    status_updates: list[StatusUpdate]
    args: JobArgs
    created_at: str = Field(json_schema_extra={"format": "date-time"})
    updated_at: str = Field(json_schema_extra={"format": "date-time"})


class JobList(BaseModel):
    """Jobs, newest first."""

    data: list[Job]


class AdapterRequest(BaseModel):
    """An adapter of an endpoint, as `endpoint_name:adapter_model_name`."""

    model_config = ConfigDict(strict=True, protected_namespaces=())

    model_id: str


class AdapterAdded(Answer):
    """An adapter that an endpoint answers by."""

    model_config = ConfigDict(protected_namespaces=())

    model_id: str


class AdapterRemoved(AdapterAdded):
    """An adapter that an endpoint answers by no longer."""

    deleted: Literal[True] = True


class Adapter(AdapterAdded):
    """An adapter of an endpoint, with both names."""

    adapter_name: str
    endpoint_name: str


class AdapterList(Answer):
    """The adapters of an endpoint."""

    object: Literal["list"] = "list"
    data: list[Adapter]
