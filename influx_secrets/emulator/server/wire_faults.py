"""Sends an answer against the rules of HTTP: reset, cut, or byte by byte."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterable
from http import HTTPStatus

from influx_secrets.emulator.api.responses import Answer
from influx_secrets.emulator.faults import Delivery


async def send_raw(transport: asyncio.Transport, answer: Answer, delivery: Delivery) -> None:
    """Send an answer as the fault wants it, and end the connection."""
    if delivery.resets:
        # With a linger time of zero, close() sends a reset.
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        return
    head, body = _head(answer), answer.body
    if delivery.cuts:
        # A client would take a head that ends after a complete line for a whole one.
        head, body = (head, body[: len(body) // 2]) if body else (head[:6], b"")
    for piece in _pieces(head + body, drops=delivery.pause > 0):
        if transport.is_closing():
            return
        transport.write(piece)
        await asyncio.sleep(delivery.pause)
    transport.close()


def _pieces(whole: bytes, *, drops: bool) -> Iterable[bytes]:
    return (whole[at : at + 1] for at in range(len(whole))) if drops else (whole,)


def _head(answer: Answer) -> bytes:
    headers = {**answer.headers, "Connection": "close"}
    if answer.status != HTTPStatus.NO_CONTENT:
        headers["Content-Length"] = str(len(answer.body))
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}", *(f"{n}: {v}" for n, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
