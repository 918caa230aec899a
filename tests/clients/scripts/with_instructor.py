"""Instructor at work, on the OpenAI SDK."""

import asyncio
from collections.abc import Iterable
from enum import Enum
from typing import Any, Literal

import instructor
import openai
import parts
from instructor import Mode
from instructor.core.exceptions import InstructorRetryException
from pydantic import BaseModel, field_validator
from questions import LLAMA, user


class Season(Enum):
    WINTER = "winter"
    SUMMER = "summer"


class Place(BaseModel):
    city: str
    country: Literal["Norway"]


class Trip(BaseModel):
    """A trip with all that schemas of users have."""

    title: str
    season: Season
    places: list[Place]
    nights: int
    note: str | None = None


class Tag(BaseModel):
    label: Literal["new"]


class Weather(BaseModel):
    """The weather somewhere."""

    city: Literal["Oslo"]


class Stock(BaseModel):
    """The price of a stock."""

    ticker: Literal["ACME"]


class Person(BaseModel):
    name: str
    age: int

    @field_validator("name")
    @classmethod
    def shouted(cls, name: str) -> str:
        """Accept capitals only."""
        if name != name.upper():
            raise ValueError("the name must be in capitals")
        return name


def client(mode: str) -> Any:
    """A client of a mode; OPENAI_BASE_URL and OPENAI_API_KEY configure it."""
    return instructor.from_openai(openai.OpenAI(), mode=Mode[mode])


def made(mode: str) -> list[Any]:
    """Objects from what the server makes of their schemas."""
    asked = {"model": LLAMA, "messages": [user("Plan a trip.")]}
    told = client(mode)
    trip, answer = told.create_with_completion(response_model=Trip, **asked)
    tag = told.create(response_model=Tag, **asked)
    return [type(trip).__name__, answer.choices[0].finish_reason, tag.model_dump()]


def provider() -> list[Any]:
    """Instructor's own provider for Together, which reads TOGETHER_API_KEY."""
    base = str(openai.OpenAI().base_url)
    told = instructor.from_provider(f"together/{LLAMA}", base_url=base)
    return [told.create(response_model=Tag, messages=[user("Tag it.")]).model_dump()]


def retried(mode: str) -> list[Any]:
    """An answer that does not pass its validator, and what comes when it is asked again."""
    tries: list[int] = []
    told = client(mode)
    told.on("completion:kwargs", lambda *_, **asked: tries.append(len(asked["messages"])))
    person = told.create(
        response_model=Person, model=LLAMA, messages=[user("Who is it?")], max_retries=2
    )
    return [person.model_dump(), len(tries), tries[-1] > tries[0]]


def gave_up(mode: str) -> list[Any]:
    """No answer passes."""
    try:
        client(mode).create(
            response_model=Person, model=LLAMA, messages=[user("Who is it?")], max_retries=2
        )
    except InstructorRetryException as error:
        return [type(error).__name__, error.n_attempts, "must be in capitals" in str(error)]
    return ["nothing"]


def partial(mode: str) -> list[Any]:
    """An object that grows while it is streamed."""
    told = client(mode)
    asked = {"model": LLAMA, "messages": [user("Tag it.")]}
    stages = [tag.model_dump() for tag in told.create_partial(response_model=Tag, **asked)]
    return [len(stages) > 0, stages[-1]]


def several() -> list[Any]:
    """Parallel calls of different models."""
    told = instructor.from_openai(openai.OpenAI(), mode=Mode.PARALLEL_TOOLS)
    found = told.create(
        response_model=Iterable[Weather | Stock],
        model=LLAMA,
        messages=[user("Tell me about the weather and the stock.")],
    )
    return [[type(one).__name__, one.model_dump()] for one in found]


async def gather() -> list[Any]:
    """Objects side by side."""
    told = instructor.from_openai(openai.AsyncOpenAI(), mode=Mode.TOOLS)
    asked = {"response_model": Tag, "model": LLAMA}
    tags = [told.create(messages=[user(f"Tag {number}.")], **asked) for number in range(3)]
    return [tag.model_dump() for tag in await asyncio.gather(*tags)]


parts.run(made, provider, retried, gave_up, partial, several, gather)
