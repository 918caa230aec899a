"""What the tests of v2's clients have in common: models, and endpoints made before they look."""

from support import V2

SMALL = "Qwen/Qwen2.5-7B-Instruct-Turbo"
# Has two deployment profiles, of 8 GPUs each.
LARGE = "deepseek-ai/DeepSeek-R1"
H100 = "1xnvidia-h100-80gb"


def serving(v2: V2, **weights: float) -> tuple[str, ...]:
    """The endpoint `chat`, its deployments ready, named and weighted so; its id and theirs."""
    endpoint = v2.create("chat")
    ids = {name: v2.deploy(endpoint, name, of=SMALL)["id"] for name in weights}
    v2.split(endpoint, {ids[name]: weight for name, weight in weights.items()})
    v2.advance(by="2s")
    return (endpoint["id"], *ids.values())


def names(v2: V2) -> list[str]:
    """The bare names of all endpoints."""
    rows = v2.got(v2.endpoints)["data"]
    return [row["name"].removeprefix(f"{v2.slug}/") for row in rows]
