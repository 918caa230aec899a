"""Who else may see an endpoint or a model of a project. Source: OpenAPI 2.0.0."""

from typing import Final, Literal

Visibility = Literal["VISIBILITY_PRIVATE", "VISIBILITY_INTERNAL"]
PRIVATE: Final = "VISIBILITY_PRIVATE"
# The project's organization.
INTERNAL: Final = "VISIBILITY_INTERNAL"
