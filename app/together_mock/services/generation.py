"""Answers admitted requests: what the model says, what it used, and when it is due."""

from together_mock import structured
from together_mock.core import ids, messages, replies, sampling
from together_mock.core.answers import Answer, Choice, Pace, Usage
from together_mock.core.clock import SECOND
from together_mock.core.conversation import Conversation
from together_mock.core.errors import MockError
from together_mock.core.requests import ChatRequest, Options
from together_mock.core.tokens import count_tokens
from together_mock.services import inference, scripts
from together_mock.services.inference import Admitted
from together_mock.services.projects import Project
from together_mock.services.scripts import Scripted
from together_mock.services.speaker import Speaker
from together_mock.services.world import World


def answer(world: World, project: Project, admitted: Admitted, request: ChatRequest) -> Answer:
    """Answer an admitted request: the same text for the same request, project seed and model.

    Raises:
        MockError: `grammar_invalid`, `context_overflow`, `no_script_matches`,
            `unknown_model_chat` for a safety model.
    """
    options = request.options
    if request.simple:
        quick = _quick_answer(world, project, admitted, request)
        if quick is not None:
            return quick
    else:
        _check(world, options)
    prompt, limit = _fit(admitted, options, _prompt_tokens(request))
    speaker = Speaker(project, admitted, request)
    scripted = scripts.scripted(world, project, speaker.talk)
    if scripted is None:
        choices = tuple([speaker.choice(index, limit) for index in range(options.n)])
        usage = _usage(project, admitted, request, prompt, choices)
    else:
        choices = tuple(speaker.scripted(scripted.reply, index) for index in range(options.n))
        usage = _usage(project, admitted, request, prompt, choices)
        usage = usage._replace(**scripted.reply.usage)
    seed = options.seed
    kind = admitted.kind
    return Answer(
        id=ids.request_id(speaker.seed, admitted.number),
        created=admitted.at // SECOND,
        model=request.model,
        engine="tie" if kind is None else kind.engine,
        choices=choices,
        usage=usage,
        seed=sampling.sampled_seed(speaker.seed, prompt) if seed is None else seed,
        include_usage=options.include_usage,
        logprobs=options.logprobs,
        echo=messages.whole_text(request.messages) if options.echo else None,
        legacy=options.legacy,
        pace=_pace(world, project, admitted, usage, scripted),
    )


def _quick_answer(
    world: World, project: Project, admitted: Admitted, request: ChatRequest
) -> Answer | None:
    """The common case in few steps: a model that just answers what a user said; None otherwise."""
    kind, told = admitted.kind, request.messages
    said, content = told[-1], told[-1].get("content")
    if project.scripts or kind is None or kind.reasoning != "none" or kind.type == "moderation":
        return None
    if said.get("role") != "user" or not isinstance(content, str):
        return None
    prompt, limit = messages.prompt_tokens(told), request.options.max_tokens
    if 0 < kind.context_length < prompt + (limit or 1):
        return None
    turn = messages.turn(told) if len(told) > 1 else 1
    pieces = replies.compose(Conversation(request.model, admitted.model, content, turn))
    ended = "stop"
    if limit is not None and limit < len(pieces):
        pieces, ended = pieces[:limit], "length"
    seed = project.facts.seed
    used = Usage(prompt, len(pieces), 0, _cached(project, admitted, request, prompt))
    return Answer(
        ids.request_id(seed, admitted.number),
        admitted.at // SECOND,
        request.model,
        kind.engine,
        (Choice(pieces, ended),),
        used,
        sampling.sampled_seed(seed, prompt),
        pace=_pace(world, project, admitted, used, None),
    )


def needs_time(request: ChatRequest) -> bool:
    """Whether answering takes long enough to keep the event loop from others."""
    return bool(request.options.format or request.options.tools)


def _check(world: World, options: Options) -> None:
    if world.settings.lenient:
        return
    for tool in options.tools:
        structured.check_schema(tool.parameters, tool.param)
    if options.safety_model is not None:
        guard = world.catalog.models.get(options.safety_model)
        if guard is None or guard.type != "moderation":
            raise MockError("unknown_model_chat", param="safety_model", model=options.safety_model)


def _prompt_tokens(request: ChatRequest) -> int:
    count = messages.prompt_tokens(request.messages)
    for tool in request.options.tools:
        told = f"{tool.name} {tool.description} {tool.parameters}"
        count += count_tokens(told)
    return count


def _fit(admitted: Admitted, options: Options, prompt: int) -> tuple[int, int | None]:
    """The prompt and the most that may be said, within the model's context."""
    context = 0 if admitted.kind is None else admitted.kind.context_length
    wanted = options.max_tokens
    # The service's own sums: a context of 32,768 tokens refuses what exceeds 32,769.
    if not context or prompt + (wanted or 1) <= context + 1:
        return prompt, wanted
    if not options.truncate:
        raise MockError(
            "context_overflow",
            param="max_tokens" if prompt <= context else "messages",
            limit=context + 1,
            tokens=prompt,
            max_tokens=wanted or 1,
        )
    prompt = min(prompt, context - 1)
    return prompt, context - prompt


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
    """How much of the prompt the engine has seen before."""
    target = admitted.target
    if prompt < _LEAST_CACHED:
        return 0
    owner = admitted.model if target is None else f"{target.endpoint_id} {target.since}"
    text = messages.whole_text(request.messages)
    with project.gate:
        seen = project.prefixes.look(owner, text)
    return prompt * seen // len(text) if seen else 0


# No shorter prompt has a whole block of the cache.
_LEAST_CACHED = 24


def _pace(
    world: World, project: Project, admitted: Admitted, usage: Usage, scripted: Scripted | None
) -> Pace | None:
    if scripted is not None and scripted.timing is not None:
        timing = scripted.timing
        rate = timing.tokens_per_second
        each = 1 / rate if rate else 0.0
        return Pace(timing.ttft_seconds, each, timing.keep_alive_seconds)
    facts, target = project.facts, admitted.target
    speed = facts.rules.inference or world.catalog.answering(facts.preset)
    if admitted.kind is None or speed == "instant":
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
