"""The 2024 API's routes: the jobs that import models."""

from typing import Annotated

from fastapi import Path

from together_mock.api.dependencies import CallDep
from together_mock.api.dialects import PREFIX
from together_mock.api.legacy import job_mapping, mapping
from together_mock.api.routing import router as new_router
from together_mock.services import job_polling, jobs

router = new_router(prefix=f"{PREFIX}/v1", tags=["2024 API"])

JobId = Annotated[str, Path(alias="jobId", description="The job's id.")]


@router.get("/jobs", operation_id="listLegacyJobs", response_model=None)
async def list_jobs(call: CallDep) -> mapping.Shape:
    """List the jobs that import models, newest first."""
    views = await call.run(jobs.page)
    return mapping.listed([job_mapping.job(view) for view in views])


@router.get("/jobs/{jobId}", operation_id="getLegacyJob", response_model=None)
async def get_job(call: CallDep, job_id: JobId) -> mapping.Shape:
    """Return one job with its status and how it came to it."""
    await call.run(job_polling.move_on, job_id)
    return job_mapping.found(await call.run(jobs.get, job_id))
