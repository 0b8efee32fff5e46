"""Send requests to the scoring API at a constant rate: `python -m tools.load.api --rate 500`.

Requests start at their scheduled times, whether or not previous ones were answered, and are timed
from then: a stall of one second affects 500 of them, not one per connection (coordinated omission).
Time and number are limited; only this machine is loaded.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

HOST = "127.0.0.1"
MAX_SECONDS = 120.0
MAX_RATE = 5_000.0
OK = b"HTTP/1.1 200"


@dataclass
class Measured:
    """Milliseconds of each answered request, and the number of failed ones."""

    milliseconds: list[float] = field(default_factory=list)
    failed: int = 0
    seconds: float = 0.0

    def quantile(self, share: float) -> float:
        """Return a quantile of the milliseconds."""
        ordered = sorted(self.milliseconds)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


async def load(
    port: int, *, rate: float, seconds: float, connections: int = 50, seed: int = 7
) -> Measured:
    """Send POST /score `rate` times per second, each with a random subset of the inputs."""
    randomness = random.Random(seed)
    measured = Measured()
    due: asyncio.Queue[float | None] = asyncio.Queue()
    workers = [
        asyncio.create_task(_work(port, due, measured, randomness)) for _ in range(connections)
    ]
    start = time.perf_counter()
    for number in range(int(rate * seconds)):
        at = start + number / rate
        if (pause := at - time.perf_counter()) > 0:
            await asyncio.sleep(pause)
        due.put_nowait(at)
    for _ in workers:
        due.put_nowait(None)
    await asyncio.gather(*workers)
    measured.seconds = time.perf_counter() - start
    return measured


async def _work(
    port: int, due: "asyncio.Queue[float | None]", measured: Measured, randomness: random.Random
) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        while (at := await due.get()) is not None:
            writer.write(_request(port, randomness))
            if await _is_ok(reader):
                measured.milliseconds.append(1000 * (time.perf_counter() - at))
            else:
                measured.failed += 1
    finally:
        writer.close()


def _request(port: int, randomness: random.Random) -> bytes:
    customer = {
        "recency": randomness.randrange(80),
        "frequency": randomness.randrange(1, 5),
        "monetary": round(randomness.lognormvariate(6, 1.5), 2),
        "average_balance": round(randomness.lognormvariate(9, 2), 2),
    }
    known = {name: value for name, value in customer.items() if randomness.random() < 0.8}
    body = json.dumps(known).encode()
    head = (
        f"POST /score HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _is_ok(reader: asyncio.StreamReader) -> bool:
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))
    return head.startswith(OK)


def main(arguments: Sequence[str] | None = None) -> int:
    """Load the API and print the result; return 0 if every request was answered with 200."""
    parser = argparse.ArgumentParser(prog="python -m tools.load.api")
    parser.add_argument("--port", type=int, default=8600)
    parser.add_argument("--rate", type=float, default=500.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--connections", type=int, default=50)
    options = parser.parse_args(arguments)
    measured = asyncio.run(
        load(
            options.port,
            rate=min(options.rate, MAX_RATE),
            seconds=min(options.seconds, MAX_SECONDS),
            connections=options.connections,
        )
    )
    answered = len(measured.milliseconds)
    print(f"{answered:,} answered, {measured.failed:,} not, {answered / measured.seconds:,.0f} /s")
    if answered:
        counts = (
            f"p{100 * share:g} {measured.quantile(share):.1f} ms" for share in (0.5, 0.95, 0.99)
        )
        print(", ".join(counts))
    return int(measured.failed > 0 or not answered)


if __name__ == "__main__":
    sys.exit(main())
