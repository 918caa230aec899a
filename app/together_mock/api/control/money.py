"""Control routes for the bill, its forecast and the balance."""

from fastapi import Depends

from together_mock.api.control import bills, mapping
from together_mock.api.dependencies import ControlledDep, admin
from together_mock.api.documented import errors
from together_mock.api.routing import router as new_router
from together_mock.core.billing import dollars
from together_mock.core.clock import SECOND
from together_mock.core.instants import to_exact_iso
from together_mock.services import billing

router = new_router(prefix="/_mock", tags=["Control"], dependencies=[Depends(admin)])


@router.get("/billing", operation_id="getBilling", responses=errors(401, 404))
def get_billing(call: ControlledDep) -> bills.Bill:
    """Show the bill so far, exact, by endpoint and by day."""
    return mapping.bill(billing.bill(call.world, call.project))


@router.get("/billing/running", operation_id="listRunning", responses=errors(401, 404))
def list_running(call: ControlledDep) -> bills.AllRunning:
    """List what is billed or will be, with its price and what a month of it costs."""
    return mapping.running(billing.running(call.world, call.project))


@router.put("/billing", operation_id="putBalance", responses=errors(400, 401, 404))
def put_balance(call: ControlledDep, body: bills.PutBalance) -> bills.Bill:
    """Set what is left to spend; null is "no limit"."""
    return mapping.bill(billing.set_balance(call.world, call.project, body.balance))


@router.post("/billing/forecast", operation_id="forecast", responses=errors(400, 401, 404))
def forecast(call: ControlledDep, body: bills.Horizon) -> bills.ForecastShown:
    """Tell what will have been spent at the end of a horizon if nobody does anything."""
    made = billing.forecast(call.world, call.project, round(body.horizon * SECOND))
    return bills.ForecastShown(
        currency="USD",
        until=to_exact_iso(made.until),
        total=dollars(made.total),
        added=dollars(made.added),
    )
