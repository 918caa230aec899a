"""Notes requests and their answers for the journal, as they pass."""

from together_mock.api.guard import Message, Receive, Scope, Send
from together_mock.api.telling import REQUEST_ID, log_request
from together_mock.core.clock import stopwatch
from together_mock.services.journal import MOST_OF_A_BODY, Record, journal_of
from together_mock.services.keeping import Headers, packed, scrubbed, without_secrets
from together_mock.services.projects import Project
from together_mock.services.world import World


class _Kept:
    """The beginning of a body."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, part: bytes) -> None:
        if self._size <= MOST_OF_A_BODY and part:
            self._parts.append(part[: MOST_OF_A_BODY + 1 - self._size])
            self._size += len(self._parts[-1])

    @property
    def is_cut(self) -> bool:
        return self._size > MOST_OF_A_BODY

    @property
    def body(self) -> bytes:
        return b"".join(self._parts)[:MOST_OF_A_BODY]


class Recorder:
    """Notes one request of a project: what is received and sent through it.

    It is noted before the end of the answer is sent, so that whoever has the answer finds it.
    """

    def __init__(
        self, world: World, project: Project, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._world = world
        self._project = project
        self._scope = scope
        self._receive = receive
        self._send = send
        # As it was sent: what is behind may look for another place.
        self._path: str = scope["path"]
        self._headers = without_secrets(scope["headers"])
        self.at = world.now(project)
        # When it came, by the stopwatch.
        self.arrived = stopwatch()
        self._request, self._answer = _Kept(), _Kept()
        self._head: Message | None = None
        # What the answer's head is to call the request, where whoever answers does not say.
        self.request_id: bytes | None = None
        # Lines of the answer's head that are not among its headers.
        self.lines = b""
        # The endpoint that answers, where the path does not name it.
        self.endpoint: str | None = None
        self._is_noted = False

    async def receive(self) -> Message:
        """Receive a part of the request."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._request.add(message.get("body", b""))
        return message

    def take_over(self, headers: dict[bytes, bytes], body: bytes) -> None:
        """Take over a request that was received before: headers without its key, and its body."""
        self._headers = headers
        self._request.add(body)

    async def send(self, message: Message) -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start":
            message = self._head = {"headers": (), **message}
            if self.request_id is not None:
                message["headers"] = [*message["headers"], (REQUEST_ID, self.request_id)]
        elif message["type"] == "http.response.body":
            self._answer.add(message.get("body", b""))
            if not message.get("more_body"):
                self.finish()
        await self._send(message)

    def finish(self, *, broken: bool = False, told: Headers = ()) -> None:
        """Note the request, unless it is noted; `told` are the headers of an answer never sent."""
        if self._is_noted:
            return
        self._is_noted = True
        journal = journal_of(self._project)
        journal.count += 1
        scope = self._scope
        head = self._head or {"status": None, "headers": told}
        record = Record(
            number=journal.count,
            at=self.at,
            method=scope["method"],
            path=self._path,
            query=scope["query_string"],
            headers=packed(self._headers),
            # Clients send secrets; answers are looked through when they are shown.
            body=scrubbed(self._request.body, is_cut=self._request.is_cut),
            head=head,
            lines=self.lines,
            answer=self._answer.body,
            seconds=stopwatch() - self.arrived,
            endpoint=self.endpoint,
            is_cut=self._request.is_cut,
            is_answer_cut=self._answer.is_cut,
            broken=broken,
        )
        journal.add(record)
        measures = self._world.measures
        measures.request(record.method, record.path, record.status, record.seconds)
        log_request(
            self._project, (record.method, record.path), self._head, self.lines, record.seconds
        )
