"""Control routes for what a test sets up: profiles, capacity, faults, load, holds, transitions."""

from typing import Annotated, Any

from fastapi import Depends, Path

from together_mock.api.control import mapping, schemas
from together_mock.api.dependencies import ControlledDep, admin
from together_mock.api.documented import errors
from together_mock.api.routing import router as new_router
from together_mock.services import explain, faults, limits, setups
from together_mock.services.fault_documents import NewFault
from together_mock.services.rules import CapacityDocument, LimitsDocument, ProfileDocument

router = new_router(prefix="/_mock", tags=["Control"], dependencies=[Depends(admin)])

EndpointId = Annotated[str, Path(alias="id", description="The endpoint's id.")]
Name = Annotated[str, Path(description="The profile's name.")]
FaultId = Annotated[str, Path(alias="id", description="The fault's id.")]


@router.get("/profiles", operation_id="listProfiles", responses=errors(401, 404))
def list_profiles(call: ControlledDep) -> dict[str, ProfileDocument]:
    """List the profiles by name."""
    return setups.profiles(call.project)


@router.put("/profiles/{name}", operation_id="putProfile", responses=errors(400, 401, 404))
def put_profile(call: ControlledDep, name: Name, body: ProfileDocument) -> ProfileDocument:
    """Set timings by selector; stages under way are timed anew from their start."""
    setups.put_profile(call.world, call.project, name, body)
    return body


@router.delete(
    "/profiles/{name}", operation_id="deleteProfile", status_code=204, responses=errors(401, 404)
)
def delete_profile(call: ControlledDep, name: Name) -> None:
    """Remove a profile."""
    setups.delete_profile(call.world, call.project, name)


@router.get("/capacity", operation_id="getCapacity", responses=errors(401, 404))
def get_capacity(call: ControlledDep) -> schemas.CapacityShown:
    """Show the pools with their use, and those to come."""
    return mapping.capacity(setups.capacity(call.world, call.project))


@router.put("/capacity", operation_id="putCapacity", responses=errors(400, 401, 404))
def put_capacity(call: ControlledDep, body: schemas.PutCapacity) -> schemas.CapacityShown:
    """Put pools in force, now or at an instant to come."""
    document = CapacityDocument(pools=body.pools, on_exhausted=body.on_exhausted)
    return mapping.capacity(setups.put_capacity(call.world, call.project, document, body.at))


@router.put("/routing", operation_id="putRouting", responses=errors(400, 401, 404))
def put_routing(call: ControlledDep, body: schemas.Routing) -> schemas.Routing:
    """Set how long a change of a traffic split takes to be in force; of those to come."""
    setups.set_propagation(call.world, call.project, mapping.seconds(body.propagation))
    return body


@router.get("/faults", operation_id="listFaults", responses=errors(401, 404))
def list_faults(call: ControlledDep) -> schemas.Faults:
    """List the faults in force, with how often each struck and may still strike."""
    return schemas.Faults(
        data=[mapping.fault(fault) for fault in faults.in_force(call.world, call.project)]
    )


@router.post("/faults", operation_id="addFault", status_code=201, responses=errors(400, 401, 404))
def add_fault(call: ControlledDep, body: NewFault) -> schemas.FaultShown:
    """Set a fault."""
    return mapping.fault(faults.add(call.world, call.project, body))


@router.delete("/faults", operation_id="deleteFaults", status_code=204, responses=errors(401, 404))
def delete_faults(call: ControlledDep) -> None:
    """Remove every fault."""
    faults.delete(call.world, call.project, None)


@router.delete(
    "/faults/{id}", operation_id="deleteFault", status_code=204, responses=errors(401, 404)
)
def delete_fault(call: ControlledDep, fault_id: FaultId) -> None:
    """Remove one fault."""
    faults.delete(call.world, call.project, fault_id)


@router.get("/limits", operation_id="getLimits", responses=errors(401, 404))
def get_limits(call: ControlledDep) -> LimitsDocument:
    """Show the rate limits of serverless models; null is "no limit"."""
    return call.project.facts.rules.limits


@router.put("/limits", operation_id="putLimits", responses=errors(400, 401, 404))
def put_limits(call: ControlledDep, body: LimitsDocument) -> LimitsDocument:
    """Set the rate limits of serverless models; what is left out has no limit."""
    limits.put(call.world, call.project, body)
    return body


@router.post("/load", operation_id="putLoad", responses=errors(400, 401, 404))
def put_load(call: ControlledDep, body: schemas.PutLoad) -> dict[str, Any]:
    """Put a synthetic load on an endpoint; a null curve takes it off."""
    load = setups.Load(body.curve, body.target, body.scale_up_window, body.scale_down_window)
    curve = setups.put_load(call.world, call.project, body.endpoint, load)
    return mapping.load(body.endpoint, curve)


@router.post(
    "/endpoints/{id}/transition",
    operation_id="forceTransition",
    responses=errors(400, 401, 404, 409),
)
def force_transition(
    call: ControlledDep, endpoint_id: EndpointId, body: schemas.Force
) -> schemas.Timeline:
    """Put an endpoint into a state now."""
    setups.force(call.world, call.project, endpoint_id, body.to, body.reason)
    return mapping.timeline(explain.timeline(call.world, call.project, endpoint_id))


@router.post("/endpoints/{id}/hold", operation_id="hold", responses=errors(400, 401, 404, 409))
def hold(call: ControlledDep, endpoint_id: EndpointId, body: schemas.Hold) -> schemas.Timeline:
    """Park an endpoint just before a state."""
    setups.hold(call.world, call.project, endpoint_id, body.before)
    return mapping.timeline(explain.timeline(call.world, call.project, endpoint_id))


@router.post("/endpoints/{id}/release", operation_id="release", responses=errors(401, 404))
def release(call: ControlledDep, endpoint_id: EndpointId) -> schemas.Timeline:
    """Let a parked endpoint go on."""
    setups.release(call.world, call.project, endpoint_id)
    return mapping.timeline(explain.timeline(call.world, call.project, endpoint_id))


@router.get("/endpoints/{id}/timeline", operation_id="timeline", responses=errors(401, 404))
def timeline(call: ControlledDep, endpoint_id: EndpointId) -> schemas.Timeline:
    """Tell what happened to an endpoint, what happens next, and why."""
    return mapping.timeline(explain.timeline(call.world, call.project, endpoint_id))
