"""What rules are given in unit tests: a row of the model catalogue, a deployment's label."""

from together_mock.core.catalog import Model
from together_mock.core.deployment import Label

LABEL = Label("main", "m", "", "{}", "", 0, 0)

MODEL = Model(
    id="m",
    display_name="M",
    organization=None,
    type="chat",
    context_length=0,
    serverless=False,
    dedicated=True,
    parameters_billion=33.0,
    bytes_per_parameter=2,
    hardware=None,
    engine="tie",
    reasoning="none",
    dimension=None,
    pricing={},
    created=0,
    license=None,
    link=None,
)
