"""Rerank on the wire: what a request must have, and the shape of the answer.

Shape: OpenAPI 2.0.0, and an answer recorded by a third party: `document` is there in any case, and
is empty unless the documents were asked for.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from together_mock.api.openai.reading import is_integer, read_model
from together_mock.core.embeddings import while_awaited
from together_mock.core.errors import MockError
from together_mock.core.ranking import READ, scores
from together_mock.core.tokens import count_tokens

# Source: docs.together.ai/docs/serverless-models, for Salesforce/Llama-Rank-V1.
MOST_DOCUMENTS = 1024


class RerankRequest(NamedTuple):
    """What of a rerank request decides the answer.

    `documents` are the texts to score, `originals` the documents as they are given back.
    """

    model: str
    query: str
    documents: list[str]
    originals: list[str]
    top_n: int | None
    return_documents: bool
    rank_fields: list[str] | None


def read(body: Any) -> RerankRequest:
    """Check a rerank request.

    Raises:
        MockError: `invalid_type`, `missing_field`, `empty_input`, `out_of_range`, `invalid_value`.
    """
    model = read_model(body)
    query = _query(body.get("query"))
    given = _documents(body.get("documents"))
    fields = _fields(body.get("rank_fields"))
    originals = [_original(document, index) for index, document in enumerate(given)]
    return RerankRequest(
        model=model,
        query=query,
        documents=[
            original if isinstance(document, str) else _scored(document, fields)
            for document, original in zip(given, originals, strict=True)
        ],
        originals=originals,
        top_n=_top_n(body.get("top_n")),
        return_documents=body.get("return_documents") is True,
        rank_fields=fields,
    )


def _query(value: Any) -> str:
    if value is None:
        raise MockError("missing_field", param="query")
    if not isinstance(value, str):
        raise MockError("invalid_type", param="query", expected="a string")
    if not value:
        raise MockError("empty_input", param="query")
    return value


def _documents(value: Any) -> list[Any]:
    if value is None:
        raise MockError("missing_field", param="documents")
    expected = "an array of strings or an array of objects"
    if not isinstance(value, list):
        raise MockError("invalid_type", param="documents", expected=expected)
    if not value:
        raise MockError("empty_input", param="documents")
    if len(value) > MOST_DOCUMENTS:
        detail = f"{len(value)} documents are more than {MOST_DOCUMENTS}"
        raise MockError("out_of_range", param="documents", detail=detail)
    if {type(document) for document in value} not in ({str}, {dict}):
        raise MockError("invalid_type", param="documents", expected=expected)
    return value


def _fields(value: Any) -> list[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise MockError("invalid_type", param="rank_fields", expected="an array of strings")
    # No fields at all are no choice of fields.
    return value or None


def _top_n(value: Any) -> int | None:
    if value is None:
        return None
    if not is_integer(value):
        raise MockError("invalid_type", param="top_n", expected="an integer")
    if value < 1:
        raise MockError("out_of_range", param="top_n", detail=f"{value} is less than 1")
    return int(value)


def _original(document: Any, index: int) -> str:
    """A document as it is given back: a text as it came, an object as compact JSON."""
    try:
        return document if isinstance(document, str) else orjson.dumps(document).decode()
    except TypeError as error:
        # More nested than JSON can be written, which is less than can be read.
        detail = "it is nested too deeply"
        raise MockError("invalid_value", param=f"documents.{index}", detail=detail) from error


def _scored(document: dict[str, Any], fields: list[str] | None) -> str:
    """What of an object is scored: the fields to rank by in their order, or all of them."""
    names = document if fields is None else fields
    values = [document[name] for name in names if name in document]
    return "\n".join(
        [value if isinstance(value, str) else orjson.dumps(value).decode() for value in values]
    )


def answer(
    request: RerankRequest,
    request_id: str,
    given_up: Callable[[], bool] = bool,
    read: int | None = None,
) -> bytes:
    """The documents' scores, best first.

    Args:
        request: what was asked.
        request_id: the answer's id.
        given_up: whether nobody waits for the answer any more; asked before each document.
        read: how many tokens are read for it, where they have been counted.

    Raises:
        MockError: `capacity`, when nobody waits.
    """
    read = tokens_read(request, given_up) if read is None else read
    usage = {"prompt_tokens": read, "completion_tokens": 0, "total_tokens": read}
    relevance = scores(request.query, while_awaited(request.documents, given_up))
    # The sort is stable: of documents with one score, the first comes first.
    order = sorted(range(len(relevance)), key=relevance.__getitem__, reverse=True)
    results = [_result(request, index, relevance[index]) for index in order[: request.top_n]]
    # All documents at once are too much to be written without a pause for other threads.
    head = orjson.dumps({"id": request_id, "object": "rerank", "model": request.model})
    tail = orjson.dumps({"usage": usage})
    return b"".join((head[:-1], b',"results":[', b",".join(results), b"],", tail[1:]))


def _result(request: RerankRequest, index: int, score: float) -> bytes:
    document = {"text": request.originals[index]} if request.return_documents else {}
    return orjson.dumps({"index": index, "relevance_score": score, "document": document})


def tokens_read(request: RerankRequest, given_up: Callable[[], bool] = bool) -> int:
    """How many tokens are read for an answer.

    Raises:
        MockError: `capacity`, when nobody waits.
    """
    # A reranker reads the query with each document, and of both no more than its context.
    query = count_tokens(request.query[:READ])
    documents = while_awaited(request.documents, given_up)
    return sum(query + count_tokens(text[:READ]) for text in documents)
