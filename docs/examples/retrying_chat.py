"""A chat client that outlives a restart of its endpoint: it wakes it, waits, and asks again."""

import time
from collections.abc import Callable

from together import APIStatusError, Together

BUSY = (429, 503)


class RetryingChat:
    """Asks an endpoint; starts it when it has stopped, and waits when it is busy or on its way.

    Args:
        client: of the SDK; its own retries are switched off, as these know more.
        endpoint_id: of the endpoint.
        attempts: how often a question is asked at most.
        wait: called with the seconds to wait.
    """

    def __init__(
        self,
        client: Together,
        endpoint_id: str,
        attempts: int = 5,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client.with_options(max_retries=0)
        self._endpoint_id = endpoint_id
        self._attempts = attempts
        self._wait = wait

    def ask(self, question: str) -> str:
        """The answer.

        Raises:
            APIStatusError: the last attempt's, or one that another attempt cannot mend.
        """
        name = self._client.endpoints.retrieve(self._endpoint_id).name
        for attempt in range(1, self._attempts + 1):
            try:
                answer = self._client.chat.completions.create(
                    model=name, messages=[{"role": "user", "content": question}]
                )
            except APIStatusError as error:
                if attempt == self._attempts or not self._can_mend(error):
                    raise
                self._wait(2.0**attempt)
            else:
                return answer.choices[0].message.content or ""
        raise AssertionError("an attempt answers or raises")

    def _can_mend(self, error: APIStatusError) -> bool:
        state = self._client.endpoints.retrieve(self._endpoint_id).state
        if state == "STOPPED":
            self._client.endpoints.update(self._endpoint_id, state="STARTED")
        return error.status_code in BUSY or state in ("STOPPED", "STOPPING", "PENDING", "STARTING")
