"""`run.wait` on an event loop, where thousands may wait for runs: none of them holds a thread."""

from __future__ import annotations

from asyncio import get_running_loop, timeout_at
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

import msgspec
from msgspec import Struct

from ..caller import Caller
from ..errors import NotFound, Unavailable
from ..rpc.builtin import LONGEST_WAIT_S, BuiltinTarget
from ..rpc.hub import Hub
from ..rpc.subscription import Subscription
from ..run import FINAL, State
from ..update import RUN, Update
from .bells import Bell, Bells
from .threads import Busy, Threads


class Stand(Struct):
    """As much of a run as tells whether it has ended."""

    state: State


_stand = msgspec.json.Decoder(Stand).decode


class WaitTarget:
    """`run.wait` (blocking), told by the hub when there is something to answer."""

    needs_request = False

    def __init__(
        self, blocking: BuiltinTarget, hub: Callable[[], Hub], bells: Callable[[], Bells], threads: Threads
    ) -> None:
        self.name, self.public, self.answer = blocking.name, blocking.public, blocking.answer
        self._signature = blocking.signature
        self._hub, self._bells, self._threads = hub, bells, threads

    async def answer_async(self, params: bytes, caller: Caller) -> bytes:
        """The run as JSON, as soon as it has ended or has got beyond a seq; in the end as it stands."""
        asked = self._signature.decode(params)
        ends_at = get_running_loop().time() + min(asked.timeout, LONGEST_WAIT_S)
        bells = self._bells()
        bell, ring = bells.new()
        subscription = self._hub().subscribe(caller, ring)
        topic = RUN + asked.id
        try:
            if asked.timeout:
                await self._threads.run(partial(subscription.add, [topic], {topic: asked.seq or 0}))
                with suppress(TimeoutError):
                    async with timeout_at(ends_at):
                        ended = await _until(subscription, bell, asked.seq)
                        if ended is not None:
                            return ended
            now: Mapping[str, object] = {"id": asked.id, "timeout": 0}
            return await self._threads.run(partial(self.answer, msgspec.json.encode(now), caller))
        except Busy:
            raise Unavailable(data="all threads of the server are busy") from None
        finally:
            subscription.close()
            bells.drop(bell)


async def _until(subscription: Subscription, bell: Bell, seq: int | None) -> bytes | None:
    """The run when it has ended; None when it has got beyond `seq`, or the server ends."""
    while subscription.lost is None:
        await bell.wait()
        for update in subscription.take():
            if update.type == "gone":
                raise NotFound(data=f"there is no run {update.topic.removeprefix(RUN)[:100]}")
            if _is_end(update):
                return update.data
            if seq is not None and update.seq > seq:
                return None
    return None


def _is_end(update: Update) -> bool:
    return update.type == "run" and _stand(update.data).state in FINAL
