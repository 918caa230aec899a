"""Answers admitted requests: what the model says, what it used, and when it is due."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from together_mock import structured
from together_mock.core import ids, messages, sampling
from together_mock.core.answers import Answer, Choice, Pace, Usage
from together_mock.core.clock import SECOND
from together_mock.core.errors import MockError
from together_mock.core.requests import ChatRequest, Options
from together_mock.core.tokens import count_tokens
from together_mock.services import inference, scripts
from together_mock.services.inference import Admitted
from together_mock.services.projects import Project
from together_mock.services.scripts import Scripted
from together_mock.services.speaker import Speaker
from together_mock.services.world import World

GivenUp = Callable[[], bool]
# No shorter prompt has a whole block of the cache.
LEAST_CACHED = 24
# Choices that take no time.
_FEW = 4
# Tokens that `truncate` leaves for an answer that has no limit.
_USUAL_LIMIT = 1024


class Room(NamedTuple):
    """How many tokens of a prompt are read, and the most that may be said."""

    prompt: int
    limit: int | None


def answer(
    world: World,
    project: Project,
    admitted: Admitted,
    request: ChatRequest,
    given_up: GivenUp = bool,
) -> Answer:
    """Answer an admitted request: the same text for the same request, project seed and model.

    Raises:
        MockError: as `answers`.
    """
    return answers(world, project, admitted, [request], given_up)[0]


def answers(
    world: World,
    project: Project,
    admitted: Admitted,
    requests: Sequence[ChatRequest],
    given_up: GivenUp = bool,
) -> list[Answer]:
    """Answer requests that came as one, with the same options.

    Args:
        world: the world.
        project: whose scripts and seed decide.
        admitted: where the requests go.
        requests: one, or one for each prompt of a completion.
        given_up: whether nobody waits for the answer any more.

    Raises:
        MockError: `grammar_invalid`, `context_overflow`, `no_script_matches`,
            `unknown_model_chat` for a safety model, `capacity` where it is given up.
    """
    rooms = [_room(admitted, request) for request in requests]
    _check(world, project, requests[0].options, given_up)
    speakers = [Speaker(project, admitted, request, given_up) for request in requests]
    told = scripts.scripted(world, project, [speaker.talk for speaker in speakers])
    return [
        _answer(world, project, speaker, room, scripted)
        for speaker, room, scripted in zip(speakers, rooms, told, strict=True)
    ]


def _answer(
    world: World, project: Project, speaker: Speaker, room: Room, scripted: Scripted | None
) -> Answer:
    admitted, request = speaker.admitted, speaker.request
    options, kind = request.options, admitted.kind
    if scripted is None:
        choices = tuple([speaker.choice(index, room.limit) for index in range(options.n)])
    else:
        choices = tuple([speaker.scripted(scripted.reply, index) for index in range(options.n)])
    usage = _usage(project, admitted, request, room.prompt, choices)
    if scripted is not None:
        usage = usage._replace(**scripted.reply.usage)
    seed = options.seed
    return Answer(
        id=ids.request_id(speaker.seed, admitted.number),
        created=admitted.at // SECOND,
        model=request.model,
        engine="tie" if kind is None else kind.engine,
        choices=choices,
        usage=usage,
        seed=sampling.sampled_seed(speaker.seed, room.prompt) if seed is None else seed,
        include_usage=options.include_usage,
        logprobs=options.logprobs,
        echo=_prompt(request) if options.echo else None,
        legacy=options.legacy,
        pace=_pace(world, project, admitted, usage, scripted),
    )


def needs_time(request: ChatRequest) -> bool:
    """Whether answering takes long enough to keep the event loop from others."""
    options = request.options
    asks = options.format or options.tools or options.logprobs or options.echo
    return bool(asks) or options.n > _FEW


def _check(world: World, project: Project, options: Options, given_up: GivenUp) -> None:
    """Refuse what no answer could honour, also where a script would answer."""
    if world.settings.lenient:
        return
    for tool in options.tools:
        if given_up():
            raise MockError("capacity")
        structured.check_schema(tool.parameters, tool.param)
    wanted = options.format
    if wanted is not None and project.scripts and wanted.kind == "schema":
        structured.check_schema(wanted.value, wanted.param)
    if wanted is not None and project.scripts and wanted.kind == "regex":
        structured.regex_text(wanted.value, "", wanted.param)
    if options.safety_model is not None:
        guard = world.catalog.models.get(options.safety_model)
        if guard is None or guard.type != "moderation":
            raise MockError("unknown_model_chat", param="safety_model", model=options.safety_model)


def _prompt(request: ChatRequest) -> str:
    """What the model reads, as one text."""
    if request.prompt is not None:
        return request.prompt
    return messages.whole_text(request.messages)


def _prompt_tokens(request: ChatRequest) -> int:
    if request.prompt is not None:
        return count_tokens(request.prompt)
    told = [f"{tool.name} {tool.description} {tool.parameters}" for tool in request.options.tools]
    return messages.prompt_tokens(request.messages) + sum(map(count_tokens, told))


def _room(admitted: Admitted, request: ChatRequest) -> Room:
    """The prompt's tokens and the most that may be said, within the model's context."""
    options, prompt = request.options, _prompt_tokens(request)
    context = 0 if admitted.kind is None else admitted.kind.context_length
    wanted = options.max_tokens
    # The service's own sums: a context of 32,768 tokens refuses what exceeds 32,769.
    if not context or prompt + (wanted or 1) <= context + 1:
        return Room(prompt, wanted)
    if options.truncate:
        # What is read of the prompt leaves room for what is to be said, up to half of the context.
        prompt = min(prompt, context - min(wanted or _USUAL_LIMIT, context // 2))
        return Room(prompt, context - prompt)
    said = "messages" if request.prompt is None else "prompt"
    raise MockError(
        "context_overflow",
        param="max_tokens" if prompt <= context else said,
        limit=context + 1,
        tokens=prompt,
        max_tokens=wanted or 1,
    )


def _usage(
    project: Project,
    admitted: Admitted,
    request: ChatRequest,
    prompt: int,
    choices: tuple[Choice, ...],
) -> Usage:
    completion = sum([choice.tokens for choice in choices])
    reasoning = sum([len(choice.reasoning) for choice in choices])
    return Usage(prompt, completion, reasoning, _cached(project, admitted, request, prompt))


def _cached(project: Project, admitted: Admitted, request: ChatRequest, prompt: int) -> int:
    """How much of the prompt the engine has seen before: never all of it."""
    target = admitted.target
    if prompt < LEAST_CACHED:
        return 0
    owner = admitted.model if target is None else f"{target.endpoint_id} {target.since}"
    text = _prompt(request)
    with project.gate:
        seen = project.prefixes.look(owner, text)
    return min(count_tokens(text[:seen]), prompt - 1) if seen else 0


def _pace(
    world: World, project: Project, admitted: Admitted, usage: Usage, scripted: Scripted | None
) -> Pace | None:
    if scripted is not None and scripted.timing is not None:
        timing = scripted.timing
        rate = timing.tokens_per_second
        each = 1 / rate if rate else 0.0
        return Pace(timing.ttft_seconds, each, timing.keep_alive_seconds)
    facts, target = project.facts, admitted.target
    if admitted.kind is None or world.catalog.is_instant(facts.preset, facts.rules.inference):
        return None
    hardware = (
        world.catalog.serverless_hardware
        if target is None
        else world.catalog.hardware[target.hardware]
    )
    return world.catalog.physics.pace(
        admitted.kind,
        hardware,
        usage.prompt - usage.cached,
        speculative=target is not None and target.speculative,
        beside=inference.beside(project, target),
    )
