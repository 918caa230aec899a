"""What rules are given in unit tests: a row of the model catalogue, a deployment's label."""

from dataclasses import replace

from together_mock.core.deployment import Label
from together_mock.core.platform import stranger

LABEL = Label("main", "m", "", "{}", "", 0, 0)

MODEL = replace(stranger("m"), display_name="M", parameters_billion=33.0)
