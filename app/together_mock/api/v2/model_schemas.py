"""v2's requests for models, remote uploads, and uploads and downloads in parts.

Sources: OpenAPI 2.0.0 and, for parts, the command line of together 3.1.1.
"""

from typing import Annotated

from pydantic import Field, SecretStr, WithJsonSchema

from together_mock.api.v2.wire import Body
from together_mock.core.visibility import Visibility

Number = Annotated[int, Field(ge=1)]


class CreateModelRequest(Body):
    """A new model. A lenient server takes any type, so that the type is checked later."""

    name: str
    type: Annotated[
        str, WithJsonSchema({"type": "string", "enum": ["model", "adapter", "models", "adapters"]})
    ]
    base_model_id: str
    description: str | None = None


class UpdateModelRequest(Body):
    """An update of a model; without a mask a field that is absent is emptied."""

    name: str | None = None
    description: str | None = None
    visibility: Visibility | None = None


class CreateRemoteUploadRequest(Body):
    """A new import. The token is looked at for being there, and dropped."""

    model_id: str
    remote_url: str
    token: Annotated[SecretStr, WithJsonSchema({"type": "string"})] | None = None


class NewFile(Body):
    """A file to be uploaded."""

    path: str
    hash: str
    num_parts: Number


class CreateModelUploadRequest(Body):
    """The files that are to make a model's next revision."""

    object_id: str
    files: list[NewFile]


class UploadedPart(Body):
    """A part that was put, with the ETag that this was answered with."""

    part_number: Number
    hash: str


class UploadDetails(Body):
    """The parts of a file that were put."""

    upload_id: str
    parts: list[UploadedPart]


class UploadedFile(Body):
    """A file that was put, or that did not have to be."""

    path: str
    hash: str
    skip_upload: bool | None = None
    upload_details: UploadDetails | None = None


class CompleteModelUploadRequest(Body):
    """The files that make a revision."""

    object_id: str
    files: list[UploadedFile]


class DownloadModelRequest(Body):
    """The files of a revision that are to be had; all of them where none are named."""

    object_id: str
    paths: list[str] | None = None
    revision_id: str | None = None
