"""Bodies and streams over aiohttp, both ways, on the simulator and on real sockets."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from tests.behaviour.stages import (
    SOON_S,
    Stage,
    dial,
    echo,
    hello,
    now,
    one,
    opened,
    settled,
    took,
)

MIB = bytes(range(256)) * 4096
SOME = MIB[:4000]
PIECE = bytes(64 * 1024)
ENDLESS = 400
"""Pieces of 64 KiB: 25 MiB, more than all buffers of a loopback connection hold."""


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """Give an upload whose length is not known before."""
    for part in parts:
        yield part


async def test_a_mebibyte_goes_both_ways(stage: Stage) -> None:
    """A body with a length arrives as it was sent, there and back."""
    site = await stage.serve(one(echo))
    async with opened(stage) as session, session.post(site.url, data=MIB) as response:
        assert response.status == 200
        assert response.headers["Content-Length"] == str(len(MIB))
        assert await response.read() == MIB


async def test_a_mebibyte_goes_both_ways_in_chunks(stage: Stage) -> None:
    """Chunked encoding in both directions: no length is sent, every byte arrives."""

    async def chunked(request: web.Request) -> web.StreamResponse:
        assert request.headers["Transfer-Encoding"] == "chunked"
        assert request.content_length is None
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        async for part in request.content.iter_chunked(50_000):
            await response.write(part)
        await response.write_eof()
        return response

    site = await stage.serve(one(chunked))
    async with opened(stage) as session:
        upload = pieces(MIB[:1], MIB[1:100], MIB[100:])
        async with session.post(site.url, data=upload) as response:
            assert response.headers["Transfer-Encoding"] == "chunked"
            assert "Content-Length" not in response.headers
            assert await response.read() == MIB


async def test_chunks_may_be_cut_anywhere_on_the_wire(stage: Stage) -> None:
    """The framing does not depend on how bytes are cut up; the connection is used again."""
    answer = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n"
    )
    served = 0

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            for at in range(len(answer)):
                writer.write(answer[at : at + 1])
                await asyncio.sleep(0)
            served += 1
        writer.close()

    url = await stage.listen(cut)
    async with opened(stage) as session:
        for _ in range(2):
            async with session.get(url) as response:
                assert await response.read() == b"abc0123456789"
    assert served == 2


async def test_a_download_is_read_as_it_is_written(stage: Stage) -> None:
    """The server writes a piece when the client has the one before: neither waits for the end."""
    turn = asyncio.Semaphore(1)

    async def tick(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for number in range(5):
            await turn.acquire()
            await response.write(b"%d\n" % number)
        return response

    site = await stage.serve(one(tick))
    async with opened(stage) as session, session.get(site.url) as response:
        lines = []
        async for line in response.content:
            lines.append(line)
            turn.release()
    assert lines == [b"%d\n" % number for number in range(5)]


async def test_an_upload_is_read_as_it_is_written(stage: Stage) -> None:
    """The client sends a piece when the server has the one before."""
    turn = asyncio.Semaphore(1)

    async def upload() -> AsyncIterator[bytes]:
        for number in range(5):
            await turn.acquire()
            yield b"%d" % number

    async def count(request: web.Request) -> web.Response:
        got = []
        async for part, _ in request.content.iter_chunks():
            got.append(part)
            turn.release()
        return web.json_response([part.decode() for part in got if part])

    site = await stage.serve(one(count))
    async with opened(stage) as session, session.put(site.url, data=upload()) as response:
        assert await response.json() == ["0", "1", "2", "3", "4"]


async def test_a_conversation_in_one_request(stage: Stage) -> None:
    """Both bodies stream at once: each piece is answered before the next is sent."""
    answers: asyncio.Queue[bytes] = asyncio.Queue()

    async def questions() -> AsyncIterator[bytes]:
        for number in range(3):
            yield b"question %d;" % number
            assert await answers.get() == b"QUESTION %d;" % number

    async def shout(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        async for part in request.content.iter_any():
            await response.write(part.upper())
        return response

    site = await stage.serve(one(shout))
    async with opened(stage) as session, session.post(site.url, data=questions()) as response:
        async for part in response.content.iter_any():
            answers.put_nowait(part)
        assert response.content.at_eof()


async def test_a_client_that_does_not_read_stops_the_server(stage: Stage) -> None:
    """Back-pressure: a download halts long before its end, and goes on when it is read."""
    written = 0

    async def pour(request: web.Request) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(ENDLESS):
            await response.write(PIECE)
            written += 1
        return response

    site = await stage.serve(one(pour))
    async with opened(stage) as session, session.get(site.url) as response:
        before = -1
        while before != written:
            before = written
            await asyncio.sleep(4 * SOON_S)
        assert 0 < written < ENDLESS
        size = 0
        async for part in response.content.iter_any():
            size += len(part)
    assert (size, written) == (ENDLESS * len(PIECE), ENDLESS)


async def test_a_server_that_does_not_read_stops_the_client(stage: Stage) -> None:
    """Back-pressure the other way."""
    sent = 0
    reads = asyncio.Event()

    async def upload() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(ENDLESS):
            yield PIECE
            sent += 1

    async def wait(request: web.Request) -> web.Response:
        await reads.wait()
        size = 0
        async for part in request.content.iter_any():
            size += len(part)
        return web.Response(text=str(size))

    site = await stage.serve(one(wait))
    async with opened(stage) as session:
        asking = asyncio.create_task(session.post(site.url, data=upload()).__aenter__())
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(4 * SOON_S)
        assert 0 < sent < ENDLESS
        reads.set()
        response = await asking
        assert await response.text() == str(ENDLESS * len(PIECE))
    assert sent == ENDLESS


async def test_an_answer_may_come_before_the_upload_ends(stage: Stage) -> None:
    """A server that refuses early is heard while the client would still send for ever."""
    sent = 0

    async def upload() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            yield b"more"
            sent += 1
            await asyncio.sleep(SOON_S / 10)

    async def refuse(request: web.Request) -> web.Response:
        await request.content.readany()
        return web.Response(status=413, text="too much")

    site = await stage.serve(one(refuse), lingering_time=0.1)
    async with opened(stage) as session:
        async with session.post(site.url, data=upload()) as response:
            assert response.status == 413
            assert await response.text() == "too much"
        there = sent
        async with session.post(site.url, data=b"enough") as response:
            assert response.status == 413
        assert site.connections == 2
        await asyncio.sleep(2 * SOON_S)
        assert sent <= there + 1


async def test_lines_of_events_arrive_one_by_one(stage: Stage) -> None:
    """Server-sent events: fields, comments, data of two lines; the client leaves in between."""
    left = asyncio.Event()

    async def events(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        number = 0
        try:
            while True:
                await response.write(b": keep awake\nid: %d\ndata: a\ndata: b\n\n" % number)
                number += 1
                await asyncio.sleep(SOON_S)
        except (ConnectionError, asyncio.CancelledError):
            left.set()
            raise

    site = await stage.serve(one(events))
    async with opened(stage) as session, session.get(site.url) as response:
        assert response.content_type == "text/event-stream"
        began_s = now()
        seen: list[dict[str, list[str]]] = [{}]
        async for line in response.content:
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if line.startswith(b":"):
                continue
            if field:
                seen[-1].setdefault(field, []).append(value)
            elif len(seen) == 4:
                break
            else:
                seen.append({})
        took(stage, began_s, 3 * SOON_S)
        assert [event["id"] for event in seen] == [["0"], ["1"], ["2"], ["3"]]
        assert all(event["data"] == ["a", "b"] for event in seen)
    await asyncio.wait_for(left.wait(), 5)


@pytest.mark.parametrize(
    ("head", "body", "whole"),
    [
        (b"Content-Length: 10\r\n", b"01234", False),
        (b"Transfer-Encoding: chunked\r\n", b"5\r\n01234\r\n", False),
        (b"Transfer-Encoding: chunked\r\n", b"9\r\n01234", False),
        (b"Connection: close\r\n", b"01234", True),
    ],
    ids=["length", "between chunks", "in a chunk", "until the end"],
)
async def test_a_server_that_closes_in_mid_body(
    stage: Stage, head: bytes, body: bytes, *, whole: bool
) -> None:
    """A body that is cut short is an error, unless only the end of file ends it."""

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body)
        await writer.drain()
        writer.close()

    url = await stage.listen(cut)
    async with opened(stage) as session, session.get(url) as response:
        assert response.status == 200
        if whole:
            assert await response.read() == b"01234"
        else:
            assert await response.content.readexactly(5) == b"01234"
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.read()


async def test_a_handler_that_fails_in_mid_body(stage: Stage) -> None:
    """It is too late for a 500: the client sees what was sent, and then that it was cut."""

    async def fail(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"half")
        raise LookupError

    site = await stage.serve(one(fail))
    async with opened(stage) as session, session.get(site.url) as response:
        assert await response.content.readexactly(4) == b"half"
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


async def test_gzip_both_ways(stage: Stage) -> None:
    """Compressed on the wire, plain at both ends, and the compressed bytes for who wants them."""

    async def squeeze(request: web.Request) -> web.Response:
        assert request.headers["Content-Encoding"] == "gzip"
        response = web.Response(body=await request.read())
        response.enable_compression(web.ContentCoding.gzip)
        return response

    site = await stage.serve(one(squeeze))
    async with (
        opened(stage) as session,
        session.post(site.url, data=SOME, compress="gzip") as response,
    ):
        assert response.headers["Content-Encoding"] == "gzip"
        assert await response.read() == SOME
    async with (
        opened(stage, session={"auto_decompress": False}) as session,
        session.post(site.url, data=SOME, compress="gzip") as response,
    ):
        packed = await response.read()
        assert len(packed) < len(SOME) / 4
        assert gzip.decompress(packed) == SOME


async def test_gzip_of_a_large_body(stage: Stage) -> None:
    """A mebibyte that the server packs arrives whole."""

    async def pack(_: web.Request) -> web.Response:
        response = web.Response(body=MIB)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    site = await stage.serve(one(pack))
    async with opened(stage) as session, session.get(site.url) as response:
        assert await response.read() == MIB


async def test_deflate_in_a_stream(stage: Stage) -> None:
    """A stream is compressed piece by piece."""

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_compression(web.ContentCoding.deflate)
        await response.prepare(request)
        for _ in range(4):
            await response.write(MIB[:1000])
        return response

    site = await stage.serve(one(stream))
    async with opened(stage) as session:
        async with session.get(site.url) as response:
            assert await response.read() == MIB[:1000] * 4
        async with session.get(site.url, auto_decompress=False) as response:
            assert zlib.decompress(await response.read()) == MIB[:1000] * 4


async def test_an_answer_to_head_has_no_body(stage: Stage) -> None:
    """The length is told, nothing follows, and the connection is used again."""
    site = await stage.serve(one(hello))
    async with opened(stage) as session:
        for _ in range(2):
            async with session.head(site.url) as response:
                assert response.headers["Content-Length"] == "5"
                assert await response.read() == b""
        async with session.get(site.url) as response:
            assert await response.text() == "hello"
    assert site.connections == 1


@pytest.mark.parametrize("status", [200, 204, 304])
async def test_empty_answers(stage: Stage, status: int) -> None:
    """No body is not a body that is awaited."""

    async def empty(request: web.Request) -> web.Response:
        assert not request.can_read_body
        return web.Response(status=status)

    site = await stage.serve(one(empty))
    async with opened(stage) as session:
        for _ in range(2):
            async with session.get(site.url) as response:
                assert (response.status, await response.read()) == (status, b"")
    assert site.connections == 1


async def test_multipart_forms(stage: Stage) -> None:
    """Fields and files arrive by name, with their types, the large ones in pieces."""

    async def form(request: web.Request) -> web.Response:
        reader = await request.multipart()
        found = {}
        while part := await reader.next():
            assert isinstance(part, aiohttp.BodyPartReader)
            size = 0
            while chunk := await part.read_chunk():
                size += len(chunk)
            found[part.name] = [part.filename, part.headers["Content-Type"], size]
        return web.json_response(found)

    site = await stage.serve(one(form))
    data = aiohttp.FormData()
    data.add_field("note", "hello", content_type="text/plain")
    data.add_field("file", MIB, filename="mib.bin", content_type="application/octet-stream")
    async with opened(stage) as session, session.post(site.url, data=data) as response:
        assert await response.json() == {
            "note": [None, "text/plain", 5],
            "file": ["mib.bin", "application/octet-stream", len(MIB)],
        }


async def test_a_body_that_is_too_large_is_refused(stage: Stage) -> None:
    """`client_max_size` ends a read with a 413."""
    app = web.Application(client_max_size=1000)
    app.router.add_post("/", echo)
    site = await stage.serve(app, lingering_time=0.1)
    async with opened(stage) as session:
        async with session.post(site.url, data=bytes(1001)) as response:
            assert response.status == 413
        async with session.post(site.url, data=bytes(1000)) as response:
            assert await response.read() == bytes(1000)


async def test_json_both_ways(stage: Stage) -> None:
    """What a service mostly does."""

    async def double(request: web.Request) -> web.Response:
        return web.json_response({"twice": 2 * (await request.json())["once"]})

    site = await stage.serve(one(double))
    async with opened(stage) as session:
        async with session.post(site.url, json={"once": 21}) as response:
            assert response.content_type == "application/json"
            assert await response.json() == {"twice": 42}
        async with session.post(site.url, data=b"no json") as response:
            assert response.status == 500


async def test_ways_to_read_a_stream(stage: Stage) -> None:
    """Exactly so many bytes, a line, what there is, the rest."""
    site = await stage.serve(one(echo))
    async with opened(stage) as session, session.post(site.url, data=b"0123line\nrest") as response:
        content = response.content
        assert await content.readexactly(4) == b"0123"
        assert await content.readline() == b"line\n"
        assert await content.read(2) == b"re"
        assert await content.read() == b"st"
        assert content.at_eof()
        assert await content.read() == b""


async def test_a_request_by_hand(stage: Stage) -> None:
    """The server talks plain HTTP/1.1: two requests in one piece are answered in their order."""
    site = await stage.serve(one(echo))
    reader, writer = await dial(site.url)
    for body in (b"first", b"last"):
        close = b"Connection: close\r\n" if body == b"last" else b""
        writer.write(
            b"POST / HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s"
            % (close, len(body), body)
        )
    answers = (await reader.read()).split(b"HTTP/1.1 200 OK\r\n")
    assert [answer.rpartition(b"\r\n")[2] for answer in answers] == [b"", b"first", b"last"]
    writer.close()
    await settled(lambda: site.connections == 1)


async def test_an_upload_that_ends_early_is_no_request(stage: Stage) -> None:
    """A client that leaves in mid-body: the handler's read fails, and nobody is answered."""
    ended: list[BaseException] = []

    async def read(request: web.Request) -> web.Response:
        try:
            return web.Response(body=await request.read())
        except BaseException as error:
            ended.append(error)
            raise

    site = await stage.serve(one(read))
    _, writer = await dial(site.url)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n01234")
    await settled(lambda: site.connections == 1)
    writer.close()
    await settled(lambda: bool(ended))
    assert isinstance(ended[0], (ConnectionError, aiohttp.ClientError, asyncio.CancelledError))
