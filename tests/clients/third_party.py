"""Clients that others wrote: where each reads the server's address, and what they are told."""

from pathlib import Path

from clients.scripts.questions import QWEN
from support import MIXTRAL

SCRIPTS = Path(__file__).parent / "scripts"
# How each environment is aimed at a project, beside TOGETHER_BASE_URL and TOGETHER_API_KEY.
AIMED = {
    "openai": {"OPENAI_BASE_URL": "{root}/v1", "OPENAI_API_KEY": "{key}"},
    "instructor": {"OPENAI_BASE_URL": "{root}/v1", "OPENAI_API_KEY": "{key}"},
    "langchain": {"TOGETHER_API_BASE": "{root}/v1", "LANGSMITH_TRACING": "false"},
    "litellm": {
        "TOGETHER_AI_API_BASE": "{root}/v1",
        # Otherwise it asks GitHub for its table of prices, and looks for .env files.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MODE": "PRODUCTION",
    },
    "together-3.1.1": {"TOGETHER_BASE_URL": "{root}"},
}

# The length of a vector of `questions.EMBEDDER`.
DIMENSION = 768
# What scripts/questions.py offers as tools, called as their schemas allow nothing else.
WEATHER_CALL = ["get_weather", {"city": "Oslo", "days": 3}]
STOCK_CALL = ["get_stock_price", {"ticker": "ACME"}]


def aimed(environment: str, root: str, key: str) -> dict[str, str]:
    """The variables that aim an environment at a project."""
    given = AIMED.get(environment, {})
    return {name: value.format(root=root, key=key) for name, value in given.items()}


def said(asked: str, model: str = QWEN, turn: int = 1) -> str:
    """What a model answers when nothing else was arranged."""
    return f'You asked: "{asked}" This is turn {turn} with {model}, as simulated by together-mock.'


def said_by_endpoint(asked: str) -> str:
    """What the endpoint of `support.Api.put_endpoint` answers."""
    return said(asked, MIXTRAL)
