"""What is written in one turn of the event loop leaves in one piece."""

import asyncio
from typing import Any

import httpx
from together_mock.runtime.server import Server
from together_mock.runtime.wire import Gathering
from together_mock.settings import Settings


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, name: str) -> str:
        return name


def run(act: Any) -> Wire:
    """Let something happen to a gathering transport, then some turns of the loop."""

    async def main() -> Wire:
        wire: Any = Wire()
        act(Gathering(wire))
        for _ in range(3):
            await asyncio.sleep(0)
        return wire

    return asyncio.run(main())


def test_the_parts_of_an_answer_leave_together():
    """Nothing is kept beyond the turn in which it was written."""

    def act(gathering: Gathering) -> None:
        gathering.write(b"head ")
        gathering.write(b"body")
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_soon, gathering.write, b"later")

    assert run(act).written == [b"head body", b"later"]


def test_lines_go_into_the_next_head():
    """Behind the status line, and into no other."""

    def act(gathering: Gathering) -> None:
        gathering.add_to_head(b"a: 1\r\nb: 2\r\n")
        gathering.write(b"HTTP/1.1 200 OK\r\nc: 3\r\n\r\n")
        gathering.write(b"body")
        gathering.write(b"HTTP/1.1 200 OK\r\n\r\n")

    head = b"HTTP/1.1 200 OK\r\na: 1\r\nb: 2\r\nc: 3\r\n\r\n"
    assert run(act).written == [head + b"body" + b"HTTP/1.1 200 OK\r\n\r\n"]


def test_what_was_written_leaves_before_the_connection_closes():
    """And nothing is written to a connection that has been closed since."""

    def act(gathering: Gathering) -> None:
        gathering.write(b"answer")
        gathering.close()
        gathering.write(b"too late")

    wire = run(act)
    assert wire.written == [b"answer"]
    assert wire.closed


def test_one_connection_s_trouble_keeps_no_other_from_sending():
    """Those of a loop send together, and the loop is told of what failed."""
    told: list[Any] = []

    class Broken(Wire):
        def write(self, data: bytes) -> None:
            raise OSError(data)

    async def main() -> list[Wire]:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        wires: list[Any] = [Wire(), Broken(), Wire()]
        for wire in wires:
            Gathering(wire).write(b"answer")
        for _ in range(3):
            await asyncio.sleep(0)
        return wires

    first, _, last = asyncio.run(main())
    assert first.written == last.written == [b"answer"]
    assert [str(context["exception"]) for context in told] == ["b'answer'"]


def test_everything_else_is_the_transport_itself():
    """Uvicorn asks it for addresses and for its state."""

    def act(gathering: Gathering) -> None:
        assert gathering.get_extra_info("peername") == "peername"
        assert not gathering.is_closing()

    run(act)


def test_a_connection_that_has_ended_is_not_reset():
    """Its socket may be gone already."""

    def act(gathering: Gathering) -> None:
        gathering.write(b"late")
        gathering.close()
        gathering.reset()

    assert run(act).written == [b"late"]


def test_clients_let_go_of_an_idle_connection_first():
    """Or a request could be on its way as the server closes: the SDKs keep theirs as httpx does."""
    expiry = httpx.Limits().keepalive_expiry
    assert expiry is not None
    server = Server(Settings(port=0))
    try:
        assert 2 * expiry < server._uvicorn.config.timeout_keep_alive
    finally:
        server.close()
