"""A batch job: it starts an endpoint, asks it, and always stops it - and one that forgets to."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from together import Together

MODEL = "mistralai/Mixtral-8x7B-Instruct-v0.1"
HARDWARE = "2x_nvidia_h100_80gb_sxm"


class StartError(Exception):
    """The endpoint did not start."""


@contextmanager
def endpoint(client: Together, poll_every: float = 5.0, patience: int = 200) -> Iterator[str]:
    """The name of an endpoint that has started; it is deleted at the end, come what may."""
    made = client.endpoints.create(
        model=MODEL,
        hardware=HARDWARE,
        autoscaling={"min_replicas": 1, "max_replicas": 1},
        # Should this process be killed, the endpoint stops by itself.
        inactive_timeout=30,
    )
    try:
        for _ in range(patience):
            state = client.endpoints.retrieve(made.id).state
            if state == "STARTED":
                break
            if state in ("ERROR", "STOPPED"):
                raise StartError(f"{made.id} is {state}")
            time.sleep(poll_every)
        else:
            raise StartError(f"{made.id} is still {state}")
        yield made.name
    finally:
        client.endpoints.delete(made.id)


def run(client: Together, questions: Iterable[str], poll_every: float = 5.0) -> list[str]:
    """An answer to each question."""
    with endpoint(client, poll_every) as model:
        return [_ask(client, model, question) for question in questions]


def run_and_forget(client: Together, questions: Iterable[str]) -> list[str]:
    """The same with a bug: when a question fails, the endpoint is left running."""
    made = client.endpoints.create(
        model=MODEL, hardware=HARDWARE, autoscaling={"min_replicas": 1, "max_replicas": 1}
    )
    while client.endpoints.retrieve(made.id).state != "STARTED":
        pass
    answers = []
    for question in questions:
        try:
            answers.append(_ask(client, made.name, question))
        except ValueError:
            return answers
    client.endpoints.delete(made.id)
    return answers


def _ask(client: Together, model: str, question: str) -> str:
    if not question:
        raise ValueError("an empty question")
    answer = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": question}]
    )
    return answer.choices[0].message.content or ""
