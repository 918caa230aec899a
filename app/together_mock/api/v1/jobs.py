"""v1 routes: the jobs that import uploaded models."""

from typing import Annotated

from fastapi import Path

from together_mock.api.dependencies import CallDep
from together_mock.api.documented import errors
from together_mock.api.routing import router as new_router
from together_mock.api.v1 import upload_mapping as mapping
from together_mock.api.v1 import upload_schemas as schemas
from together_mock.services import job_polling, jobs

router = new_router(prefix="/v1", tags=["Jobs"])


@router.get(
    "/jobs", operation_id="listJobs", responses=errors(400, 401), response_model_exclude_unset=True
)
async def list_jobs(call: CallDep) -> schemas.JobList:
    """List the jobs that import models, newest first."""
    views = await call.run(jobs.page)
    return schemas.JobList(data=[mapping.job(view) for view in views])


@router.get(
    "/jobs/{jobId}",
    operation_id="getJob",
    responses=errors(400, 401, 404),
    response_model_exclude_unset=True,
)
async def get_job(
    call: CallDep, job_id: Annotated[str, Path(alias="jobId", description="The job's id.")]
) -> schemas.Job:
    """Return one job with its status and how it came to it."""
    await call.run(job_polling.move_on, job_id)
    return mapping.job(await call.run(jobs.get, job_id))
