"""Who made the import jobs of a project: v1 or the 2024 API."""

from together_mock.core.errors import MockError
from together_mock.services import jobs
from together_mock.services.jobs import IMPORT
from together_mock.services.projects import Project
from together_mock.services.world import World


def are_all(world: World, project: Project) -> bool:
    """Whether the project has jobs, and all of them were made by the 2024 API."""
    views = jobs.page(world, project)
    return bool(views) and all(view.type == IMPORT for view in views)


def is_one(world: World, project: Project, job_id: str) -> bool:
    """Whether a job is there and was made by the 2024 API."""
    try:
        return jobs.get(world, project, job_id).type == IMPORT
    except MockError:
        return False
