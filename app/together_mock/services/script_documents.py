"""Scripts as documents: what a test says the model answers.

The same models read the control plane's requests, the state document and the stored column. What
is left out stays left out: in a match, null says something else than nothing does.
"""

from functools import lru_cache
from typing import Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    field_validator,
    model_validator,
)

from together_mock.core.scripts import Pattern, Script, TextMatch, Timing
from together_mock.services.fields import Seconds
from together_mock.services.script_replies import Part, ReplyDocument

# Bytes of a compiled pattern, and of what its matching remembers: the time that a text takes is
# about its length times that of the pattern.
_PATTERN_SIZE = 1 << 18
_DIALECT = (
    "the syntax of Rust's regex, which has no look-around and no back-references, and not a huge"
    " one"
)


@lru_cache(maxsize=256)
def _pattern(regex: str) -> Pattern:
    """A pattern as rules take it, by an engine whose time grows only with the text's length.

    Raises:
        ValueError: the engine does not take it.
    """
    # On first use: it takes time to import.
    import jsonschema_rs

    options = jsonschema_rs.RegexOptions(size_limit=_PATTERN_SIZE, dfa_size_limit=_PATTERN_SIZE)
    judge = jsonschema_rs.validator_for({"pattern": regex}, pattern_options=options)

    def found_in(text: str) -> bool:
        try:
            return judge.is_valid(text)
        # A text with half a character, which the engine does not read.
        except ValueError:
            return False

    return Pattern(regex, found_in)


class TextMatchDocument(Part):
    """What a text must be; all that is given must hold."""

    equals: str | None = Field(default=None, description="The whole text.")
    contains: str | None = Field(default=None, description="A part of the text.")
    regex: str | None = Field(
        default=None,
        description="A regular expression in the syntax of Rust's regex, found anywhere in it.",
    )

    @field_validator("regex")
    @classmethod
    def _compiles(cls, regex: str | None) -> str | None:
        try:
            return None if regex is None else _pattern(regex).regex
        except ValueError as error:
            raise ValueError(f"must be a regular expression in {_DIALECT}") from error

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if self.equals is self.contains is self.regex is None:
            raise ValueError("must have equals, contains or regex")
        return self

    def value(self) -> TextMatch:
        """The match as rules take it."""
        regex = None if self.regex is None else _pattern(self.regex)
        return TextMatch(self.equals, self.contains, regex)


def _text_match(document: TextMatchDocument | None) -> TextMatch | None:
    return None if document is None else document.value()


class MatchDocument(Part):
    """Which conversations a script is for; what is left out does not matter."""

    model: str = Field(
        default="*",
        description="The model asked for, or the one behind it; `*` and `?` are wild.",
    )
    last_user: TextMatchDocument | None = Field(
        default=None, description="What the user said last: `equals`, `contains`, `regex`."
    )
    turn: int | None = Field(
        default=None, ge=1, le=2**31 - 1, description="How many messages of the user there are."
    )
    tool_result: TextMatchDocument | None = Field(
        default=None,
        description="The tool's result that ends the conversation, or several in their order,"
        " joined by line breaks: `equals`, `contains`, `regex`; null is a conversation that does"
        " not end with one.",
    )


# Seconds.
_SHORTEST_KEEP_ALIVE = 0.01


class TimingDocument(Part):
    """How fast a reply comes, in real time."""

    ttft: Seconds | None = Field(
        default=None,
        description='Real time until the first token, such as `"200ms"`; without it, none.',
    )
    tokens_per_second: float | None = Field(
        default=None,
        gt=0,
        le=1e9,
        allow_inf_nan=False,
        description="How fast the others follow, in real time; without it, at once.",
    )
    keep_alive: Seconds | None = Field(
        default=None,
        description="How often a stream sends a comment before its first token; without it, never.",
    )

    @field_validator("keep_alive")
    @classmethod
    def _not_all_the_time(cls, keep_alive: float | None) -> float | None:
        if keep_alive is not None and keep_alive < _SHORTEST_KEEP_ALIVE:
            raise ValueError(f"must be {_SHORTEST_KEEP_ALIVE} seconds or more")
        return keep_alive

    def value(self) -> Timing:
        """The timing as rules take it."""
        return Timing(self.ttft or 0.0, self.tokens_per_second, self.keep_alive)


_REPLIES = TypeAdapter(
    Annotated[list[ReplyDocument], Field(min_length=1)], config=ConfigDict(defer_build=True)
)


def _replies(value: Any) -> Any:
    # Read here, or pydantic would name the union's branch as if it were a field.
    if isinstance(value, list):
        return _REPLIES.validate_python(value)
    return ReplyDocument.model_validate(value)


class NewScript(Part):
    """A script as it is asked for."""

    match: MatchDocument | None = Field(
        default_factory=MatchDocument,
        description="Which conversations it is for; without it, all.",
    )
    priority: int = Field(
        default=0,
        ge=-(2**31),
        le=2**31 - 1,
        description="The highest goes first, then what was added first.",
    )
    times: int | None = Field(
        default=None, ge=1, le=2**31 - 1, description="After so many answers it is spent."
    )
    strict: bool = Field(
        default=False,
        description="Whether the project refuses what no script matches, with the closest ones.",
    )
    reply: Annotated[ReplyDocument | list[ReplyDocument], BeforeValidator(_replies)] = Field(
        description="What is answered. A list has one a matching call, the last one repeats."
    )
    timing: TimingDocument | None = Field(default=None, description="How fast the answer comes.")

    @field_validator("match")
    @classmethod
    def _matches_all(cls, match: MatchDocument | None) -> MatchDocument:
        return match or MatchDocument()


class StoredScript(NewScript):
    """A script in force."""

    id: str

    def value(self) -> Script:
        """The script as rules take it."""
        match, timing = self.match or MatchDocument(), self.timing
        replies = self.reply if isinstance(self.reply, list) else [self.reply]
        without_result = "tool_result" in match.model_fields_set and match.tool_result is None
        return Script(
            id=self.id,
            replies=tuple(reply.value() for reply in replies),
            model=match.model,
            last_user=_text_match(match.last_user),
            turn=match.turn,
            tool_result=_text_match(match.tool_result),
            no_tool_result=without_result,
            priority=self.priority,
            times=self.times,
            strict=self.strict,
            timing=None if timing is None else timing.value(),
        )

    def document(self) -> dict[str, Any]:
        """The script as JSON has it, with what was given of it."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)
