"""Measures LlamaIndex Workflows on the works of the benches, in processor time; see ../README.md.

    python -m venv environment
    environment/bin/pip install -r requirements.txt
    environment/bin/python measure.py
"""

import asyncio
import gc
import time
import tracemalloc
from importlib.metadata import version

from workflows import Context, Workflow, step
from workflows.events import Event, StartEvent, StopEvent


class Ping(Event):
    number: int
    text: str = ""


class Pong(Event):
    number: int
    text: str = ""


class Loop(Workflow):
    @step
    async def open(self, start: StartEvent) -> Ping:
        self.last = start.last
        return Ping(number=0, text=start.text)

    @step
    async def ping(self, ping: Ping) -> Pong | StopEvent:
        number = ping.number + 1
        return StopEvent(result=number) if number == self.last else Pong(number=number, text=ping.text)

    @step
    async def pong(self, pong: Pong) -> Ping | StopEvent:
        number = pong.number + 1
        return StopEvent(result=number) if number == self.last else Ping(number=number, text=pong.text)


class Member(Event):
    number: int


class Done(Event):
    number: int


class Fan(Workflow):
    @step
    async def split(self, ctx: Context, start: StartEvent) -> Member | None:
        self.width = start.width
        for number in range(start.width):
            ctx.send_event(Member(number=number))

    @step
    async def work(self, member: Member) -> Done:
        return Done(number=member.number + 1)

    @step
    async def gather(self, ctx: Context, done: Done) -> StopEvent | None:
        all_done = ctx.collect_events(done, [Done] * self.width)
        if all_done is None:
            return None
        return StopEvent(result=sum(done.number for done in all_done))


class Second(Event):
    number: int


class Third(Event):
    number: int


class Three(Workflow):
    @step
    async def first(self, start: StartEvent) -> Second:
        return Second(number=start.number + 1)

    @step
    async def second(self, second: Second) -> Third:
        return Third(number=second.number + 1)

    @step
    async def third(self, third: Third) -> StopEvent:
        return StopEvent(result=third.number + 1)


class Answer(Event):
    pass


class Waiting(Workflow):
    arrived = 0

    @step
    async def first(self, start: StartEvent) -> Second:
        return Second(number=start.number + 1)

    @step
    async def second(self, ctx: Context, second: Second) -> Third:
        Waiting.arrived += 1
        await ctx.wait_for_event(Answer)
        return Third(number=second.number + 1)

    @step
    async def third(self, third: Third) -> StopEvent:
        return StopEvent(result=third.number + 1)


async def chain(n, text):
    return await Loop(timeout=None).run(last=n, text=text)


async def fan(width):
    return await Fan(timeout=None).run(width=width)


async def runs(n):
    flow = Three(timeout=None)
    return sum([await flow.run(number=number) for number in range(n)])


async def suspended(n):
    """The bytes of a run that waits."""
    flow = Waiting(timeout=None)
    gc.collect()
    tracemalloc.start()
    handlers = [flow.run(number=number) for number in range(n)]
    while Waiting.arrived < n:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.5)
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    for handler in handlers:
        handler.ctx.send_event(Answer())
    check("suspended", sum([await handler for handler in handlers]), n * (n + 5) // 2)
    return held / n


def check(work, given, expected):
    if given != expected:
        raise SystemExit(f"{work} gave {given}, not {expected}")


def timed(work, future, n, expected):
    """Microseconds of processor time for each of n."""
    begun = time.process_time()
    check(work, asyncio.run(future), expected)
    return (time.process_time() - begun) / n * 1e6


def main():
    asyncio.run(chain(100, ""))
    text = "a short event payload"
    rows = [
        ("chain, µs per transition", timed("chain", chain(3_000, ""), 3_000, 3_000)),
        ("chain with a text, µs per transition", timed("chain-text", chain(3_000, text), 3_000, 3_000)),
        ("fan of 250, µs per member", timed("fan", fan(250), 250, 250 * 251 // 2)),
        ("fan of 1,000, µs per member", timed("fan", fan(1_000), 1_000, 1_000 * 1_001 // 2)),
        ("run of three steps, µs", timed("runs", runs(1_000), 1_000, 1_000 * 1_005 // 2)),
        ("run that waits, bytes", asyncio.run(suspended(500))),
    ]
    print(f"| LlamaIndex Workflows {version('llama-index-workflows')} | |\n|---|---|")
    for name, value in rows:
        print(f"| {name} | {value:,.0f} |")


main()
