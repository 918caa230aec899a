"""What of a request's head is kept: names stay with their values, whatever is in them."""

import pytest
from together_mock.services.keeping import packed, unpacked

HEADERS = {
    "none": {},
    "one": {b"host": b"x"},
    "empty": {b"x-empty": b"", b"": b"nameless"},
    "more": {b"host": b"x", b"accept": b"*/*", b"x-key": b"\xff\x00"},
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_packed_headers_are_unpacked_as_they_were(headers):
    """In one piece, in their order."""
    assert dict(unpacked(packed(headers))) == headers


def test_a_line_end_moves_no_value_to_another_name():
    """Calls within the process may have any bytes in a header; a secret stays under its name."""
    headers = {b"x-note": b"a\nb\n", b"x-\nodd": b"c", b"x-api-key": b"secret"}
    told = dict(unpacked(packed(headers)))
    assert told == {b"x-note": b"a b ", b"x- odd": b"c", b"x-api-key": b"secret"}
