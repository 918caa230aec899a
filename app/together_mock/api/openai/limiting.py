"""What inference answers tell of rate limits.

Names of the headers: docs.together.ai/docs/rate-limits (together-v1 reference, 1.5).
"""

from together_mock.core.errors import MockError
from together_mock.core.limits import seconds_left
from together_mock.services import limits
from together_mock.services.projects import Project

_LIMITED = ("rate_limited", "dynamic_token_limited")


def limit_lines(project: Project, at: int) -> bytes:
    """Lines of the head of a serverless model's answer; none where there are no limits."""
    if project.limits is None:
        return b""
    told = limits.told(project, at)
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in told.items())


def limit_headers(project: Project | None, error: MockError, at: int) -> list[tuple[bytes, bytes]]:
    """Headers of a refusal, where it is one by a rate limit of the project."""
    if project is None or project.limits is None or error.case not in _LIMITED:
        return []
    told = {**limits.told(project, at), "retry-after": str(seconds_left(at))}
    return [(name.encode(), value.encode()) for name, value in told.items()]
