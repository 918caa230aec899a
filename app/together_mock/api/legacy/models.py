"""The 2024 API's routes: the models that can be deployed, and one's own to import."""

from together_mock.api.dependencies import CallDep
from together_mock.api.dialects import PREFIX
from together_mock.api.legacy import job_mapping, mapping, schemas
from together_mock.api.routing import router as new_router
from together_mock.services import jobs
from together_mock.services.legacy import models

router = new_router(prefix=f"{PREFIX}/v0", tags=["2024 API"])


@router.get("/models", operation_id="listLegacyModels", response_model=None)
def list_models(call: CallDep) -> mapping.Shape:
    """List the models that can be deployed as dedicated endpoints, one's own first."""
    listed = models.list_all(call.world, call.project)
    return mapping.listed([mapping.model(model, call.project.slug) for model in listed])


@router.post("/models", operation_id="createLegacyModel", response_model=None)
async def create_model(call: CallDep, body: schemas.CreateModelRequest) -> mapping.Shape:
    """Name a model and start a job that imports its files. Nothing is fetched."""
    return job_mapping.made(await call.run(jobs.create, job_mapping.new_model(body)))
