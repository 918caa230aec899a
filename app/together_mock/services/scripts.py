"""What a test says the model answers: scripts added, listed, removed, and asked for a reply."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from together_mock.core import ids, scripts
from together_mock.core.conversation import Conversation
from together_mock.core.errors import MockError
from together_mock.core.scripts import Script, ScriptReply, Timing
from together_mock.services.documents import ScriptEntry
from together_mock.services.projects import Project, ScriptHits
from together_mock.services.rules import Rules
from together_mock.services.script_documents import NewScript, StoredScript
from together_mock.services.world import World


class ScriptView(NamedTuple):
    """A script in force, how often it answered, and how often it still may; None is "always"."""

    script: StoredScript
    hits: int
    remaining: int | None


class Scripted(NamedTuple):
    """A reply that a script gives, filled in, and how fast it is to come."""

    reply: ScriptReply
    timing: Timing | None


def list_(project: Project) -> list[ScriptView]:
    """The scripts in the order in which they were added."""
    hits = project.script_hits
    return [_view(document, hits) for document in project.facts.rules.scripts]


def _view(document: dict[str, Any], hits: ScriptHits) -> ScriptView:
    script = StoredScript.model_validate(document)
    used = hits.get(script.id, 0)
    return ScriptView(script, used, script.value().remaining(used))


def add(world: World, project: Project, document: NewScript) -> ScriptView:
    """Set a script."""
    with world.write(project) as unit:
        rules = unit.facts.rules
        taken = {script["id"] for script in rules.scripts}
        script_id, number = _new_id(unit.facts.seed, rules.script_count, taken)
        added = _stored(document, script_id)
        changes = {"scripts": [*rules.scripts, added], "script_count": number}
        unit.facts = unit.facts.with_rules(rules.model_copy(update=changes))
    return _view(added, {})


def _stored(document: NewScript, script_id: str) -> dict[str, Any]:
    given = {name: getattr(document, name) for name in NewScript.model_fields}
    return StoredScript(**given, id=script_id).document()


def _new_id(seed: str, count: int, taken: Collection[str]) -> tuple[str, int]:
    """The next id, and its number; a state document may have given it to another script."""
    while True:
        count += 1
        script_id = "scr_" + ids.hex8(seed, "script", count)
        if script_id not in taken:
            return script_id, count


def delete(world: World, project: Project, script_id: str | None) -> None:
    """Remove one script, or all.

    Raises:
        MockError: `unknown_item`.
    """
    with world.write(project) as unit:
        rules = unit.facts.rules
        kept = [script for script in rules.scripts if script_id not in (None, script["id"])]
        if script_id is not None and len(kept) == len(rules.scripts):
            raise MockError("unknown_item", kind="script", id=script_id)
        unit.facts = unit.facts.with_rules(rules.model_copy(update={"scripts": kept}))


def with_entries(rules: Rules, entries: list[ScriptEntry], count: int, seed: str) -> Rules:
    """The rules with the scripts of a state document; those without an id get one.

    Raises:
        MockError: an id stands there twice.
    """
    taken: set[str] = set()
    for index, entry in enumerate(entries):
        if entry.id in taken:
            detail = f"{entry.id} stands twice in the document"
            raise MockError("invalid_value", param=f"scripts.{index}.id", detail=detail)
        if entry.id is not None:
            taken.add(entry.id)
    stored = []
    for entry in entries:
        script_id = entry.id
        if script_id is None:
            script_id, count = _new_id(seed, count, taken)
        stored.append(_stored(entry, script_id))
    return rules.model_copy(update={"scripts": stored, "script_count": count})


def hits_of(rules: Rules, entries: list[ScriptEntry]) -> ScriptHits:
    """How often scripts answered by a state document that the rules were made from."""
    pairs = zip(rules.scripts, entries, strict=True)
    return {script["id"]: entry.hits for script, entry in pairs if entry.hits}


def scripted(
    world: World, project: Project, conversations: Sequence[Conversation]
) -> list[Scripted | None]:
    """The replies that scripts give to conversations that came as one; None without a script.

    Each counts as a hit, which those after it see.

    Raises:
        MockError: `no_script_matches`, where one of the project's scripts is strict; then none of
            them counts.
    """
    if not project.scripts:
        return [None] * len(conversations)
    with project.gate:
        hits = project.script_hits
        chosen = []
        for conversation in conversations:
            found = _choose(project.scripts, hits, conversation)
            chosen.append(found)
            if found is not None:
                hits = {**hits, found[0].id: hits.get(found[0].id, 0) + 1}
        first = any(chosen) and not project.has_activity
        project.script_hits = hits
    if first:
        world.flush_soon()
    pairs = zip(chosen, conversations, strict=True)
    return [found and _filled_in(*found, conversation) for found, conversation in pairs]


def _choose(
    tried: Sequence[Script], hits: Mapping[str, int], conversation: Conversation
) -> tuple[Script, ScriptReply] | None:
    chosen = scripts.choose(tried, hits, conversation)
    if chosen is None and any(script.strict for script in tried):
        raise MockError("no_script_matches", closest=scripts.closest(tried, hits, conversation))
    return chosen


def _filled_in(script: Script, reply: ScriptReply, conversation: Conversation) -> Scripted:
    return Scripted(scripts.render(reply, conversation), script.timing)
