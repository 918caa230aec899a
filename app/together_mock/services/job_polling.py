"""Where reads move the clock, one of a job takes it to the job's next status."""

from together_mock.services import control, uploads
from together_mock.services.projects import Project
from together_mock.services.world import World
from together_mock.store import models as store


def move_on(world: World, project: Project, job_id: str) -> None:
    """Let whoever polls a job through: move the clock to its next status, if there is one."""
    if project.facts.rules.on_poll != "next":
        return
    with world.read(project) as connection:
        record = store.upload_by_id(connection, project.key, job_id)
        now = world.now(project)
    due = None if record is None else uploads.next_at(record, now)
    if due is not None:
        control.advance_to(world, project, due)
