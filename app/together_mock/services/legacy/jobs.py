"""Who made the import jobs of a project: v1 or the 2024 API."""

from together_mock.services.jobs import IMPORT
from together_mock.services.projects import Project
from together_mock.services.world import World
from together_mock.store import models as store


def are_all(world: World, project: Project) -> bool:
    """Whether the project has jobs, and all of them were made by the 2024 API."""
    with world.read(project) as connection:
        return store.upload_types(connection, project.key) == {IMPORT}


def is_one(world: World, project: Project, job_id: str) -> bool:
    """Whether a job is there and was made by the 2024 API."""
    with world.read(project) as connection:
        job = store.upload_by_id(connection, project.key, job_id)
    return job is not None and job.type == IMPORT
