"""RESP, without a network."""

import pytest
from fakeredis._helpers import SimpleError, SimpleString
from hypothesis import given
from hypothesis import strategies as st

from harness.engines.sim.resp import ProtocolError, Requests, encode, encode_push


def packed(request: list[bytes]) -> bytes:
    fields = b"".join(b"$%d\r\n%b\r\n" % (len(field), field) for field in request)
    return b"*%d\r\n%b" % (len(request), fields)


def read(requests: Requests) -> list[list[bytes]]:
    return list(iter(requests.next, None))


@given(
    st.lists(st.lists(st.binary(max_size=40), min_size=1, max_size=4), max_size=5),
    st.lists(st.integers(1, 30)),
)
def test_slicing_does_not_matter(sent: list[list[bytes]], cuts: list[int]) -> None:
    """However the network cuts the stream, the same requests come out."""
    stream = b"".join(map(packed, sent))
    requests, received = Requests(), []
    for cut in [*cuts, len(stream)]:
        requests.feed(stream[:cut])
        stream = stream[cut:]
        received += read(requests)
    assert received == sent


def test_people_may_type() -> None:
    """Inline commands are requests, empty lines are not."""
    requests = Requests()
    requests.feed(b"\r\nPING\r\n*0\r\nset a  b\nget")
    assert read(requests) == [[b"PING"], [b"set", b"a", b"b"]]


@pytest.mark.parametrize(
    ("stream", "complaint"),
    [
        (b"*x\r\n", "invalid multibulk length"),
        (b"*1048577\r\n", "invalid multibulk length"),
        (b"*1\r\n:1\r\n", r"expected '\$', got ':'"),
        (b"*1\r\n$-1\r\n", "invalid bulk length"),
        (b"*1\r\n$536870913\r\n", "invalid bulk length"),
    ],
)
def test_what_is_no_request(stream: bytes, complaint: str) -> None:
    """It is refused in the words of Redis."""
    requests = Requests()
    requests.feed(stream)
    with pytest.raises(ProtocolError, match=complaint):
        requests.next()


@pytest.mark.parametrize(
    ("reply", "second", "third"),
    [
        (SimpleString(b"OK"), b"+OK\r\n", b"+OK\r\n"),
        (SimpleError("ERR two\r\nlines"), b"-ERR two lines\r\n", b"-ERR two lines\r\n"),
        (b"a\r\nb", b"$4\r\na\r\nb\r\n", b"$4\r\na\r\nb\r\n"),
        ("é", b"$2\r\n\xc3\xa9\r\n", b"$2\r\n\xc3\xa9\r\n"),
        (-7, b":-7\r\n", b":-7\r\n"),
        (2.5, b"$3\r\n2.5\r\n", b",2.5\r\n"),
        (None, b"$-1\r\n", b"_\r\n"),
        (True, b":1\r\n", b"#t\r\n"),
        ([], b"*0\r\n", b"*0\r\n"),
        ([1, [None]], b"*2\r\n:1\r\n*1\r\n$-1\r\n", b"*2\r\n:1\r\n*1\r\n_\r\n"),
        ({"n": 1}, b"*2\r\n$1\r\nn\r\n:1\r\n", b"%1\r\n$1\r\nn\r\n:1\r\n"),
    ],
)
def test_replies(reply: object, second: bytes, third: bytes) -> None:
    """Each kind of reply is written as version 2 and version 3 of the protocol have it."""
    assert (encode(reply, 2), encode(reply, 3)) == (second, third)


def test_pushes() -> None:
    """A message that nobody asked for is a push in version 3, an array in version 2."""
    message = [b"message", b"c", b"m"]
    assert encode_push(message, 3) == b">" + encode(message, 3)[1:]
    assert encode_push(message, 2) == encode(message, 2)


def test_what_resp_cannot_say() -> None:
    """Something that fakeredis should not answer is an error, not a guess."""
    with pytest.raises(TypeError, match="RESP cannot say"):
        encode(object(), 3)
