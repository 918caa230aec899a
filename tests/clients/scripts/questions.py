"""What the programs ask, whichever client they ask with."""

from typing import Any

# Models that need no endpoint: three TIE-like ones, one SGLang-like, one that thinks aloud.
QWEN = "Qwen/Qwen2.5-7B-Instruct-Turbo"
LLAMA = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
DEEPSEEK = "deepseek-ai/DeepSeek-V3.1"
OSS = "openai/gpt-oss-20b"
THINKER = "deepseek-ai/DeepSeek-R1"
EMBEDDER = "BAAI/bge-base-en-v1.5"
RANKER = "Salesforce/Llama-Rank-V1"

HELLO = "Hello there!"
WEATHER_QUESTION = "How is the weather today?"
BOTH_QUESTION = "Tell me about the weather and the stock price."
TOOL_RESULT = "Cold, 3 degrees."
CITIES = ["Oslo", "Bergen", "Lima", "Quito", "Accra"]
QUERY = "What animals can I find near Peru?"
DOCUMENTS = [
    "The giant panda is a bear species endemic to China.",
    "The guanaco is a camelid native to South America; animals like it live near Peru.",
    "Stock prices fell on Friday.",
]
SCHEMA = {
    "type": "object",
    "properties": {
        "color": {"type": "string", "enum": ["red"]},
        "count": {"type": "integer", "minimum": 2, "maximum": 2},
        "tags": {"type": "array", "items": {"const": "x"}, "minItems": 1, "maxItems": 1},
    },
    "required": ["color", "count", "tags"],
    "additionalProperties": False,
}


def user(text: str) -> dict[str, Any]:
    """A message of the user."""
    return {"role": "user", "content": text}


def function(name: str, description: str, properties: dict[str, Any]) -> dict[str, Any]:
    """A function that a model may call, all parameters required."""
    parameters = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {"name": name, "description": description, "parameters": parameters}


WEATHER_FUNCTION = function(
    "get_weather",
    "Forecast for a city",
    {
        "city": {"type": "string", "enum": ["Oslo"]},
        "days": {"type": "integer", "minimum": 3, "maximum": 3},
    },
)
STOCK_FUNCTION = function(
    "get_stock_price", "Quote of a share", {"ticker": {"type": "string", "enum": ["ACME"]}}
)
WEATHER = {"type": "function", "function": WEATHER_FUNCTION}
STOCK = {"type": "function", "function": STOCK_FUNCTION}
TOOLS = [WEATHER, STOCK]
