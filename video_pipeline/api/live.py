"""Owns telling everybody who listens what happens to jobs; hides that one thread asks the books for all of them.

However many pages are open, the books are asked once in a while, and not at all while nobody listens.

    books --polled by one thread--> Live --a queue each--> listeners, each of them in the event loop
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

from video_pipeline.api.messages import Message, OrderNews, of_change, of_event
from video_pipeline.domain.access import Principal
from video_pipeline.domain.errors import StudioError
from video_pipeline.domain.feed import overlapping_changes, overlapping_events
from video_pipeline.ports import JobStore

POLL_S = 0.5
BACKLOG_MAX = 1000
"""Messages that wait for a listener; one that is further behind is let go, and comes back for what it missed."""

LISTENERS_MAX = 1000
LISTENERS_EACH_MAX = 250
"""Of one user, so that nobody alone keeps all others out."""

PATIENCE_S = 5.0
"""How long the reader waits before it asks books again that did not answer."""

START_S = 10.0
"""How long a new listener waits for the reader to begin."""

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Listener:
    """Somebody who is told."""

    caller: Principal
    job_id: UUID | None
    loop: asyncio.AbstractEventLoop
    queue: asyncio.Queue[Message | None] = field(default_factory=lambda: asyncio.Queue(BACKLOG_MAX))
    is_over: bool = False

    def wants(self, message: Message) -> bool:
        """True when the message is about a job that the listener may see and asked for."""
        return self.job_id in (None, message.job_id) and self.caller.sees(message.user_id)

    def tell(self, messages: Sequence[Message | None]) -> None:
        """Put messages into the queue; None ends it. Called in the event loop."""
        for message in messages:
            if self.is_over:
                return
            is_behind = self.queue.full()
            if is_behind:
                self._forget()
            self.is_over = is_behind or message is None
            self.queue.put_nowait(None if is_behind else message)

    def _forget(self) -> None:
        with suppress(asyncio.QueueEmpty):
            while True:
                self.queue.get_nowait()


class Live:
    """The one reader of the books; made of them."""

    def __init__(self, jobs: JobStore, poll_s: float = POLL_S) -> None:
        self._jobs = jobs
        self._poll_s = poll_s
        self._listeners: set[Listener] = set()
        self._changed = threading.Condition()
        self._follows = False  # true when nothing that happens from now on is missed
        self._ended = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep the reader at work."""
        thread = threading.Thread(target=self._work, name="live", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.end()
            thread.join()

    def end(self) -> None:
        """Let everybody go and nobody in; they come back to the next server by themselves."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._publish_end()

    def listen(self, caller: Principal, job_id: UUID | None) -> Listener | None:
        """Be told from now on, until `leave`; None when there are too many. Called in the event loop."""
        listener = Listener(caller, job_id, asyncio.get_running_loop())
        with self._changed:
            own = sum(each.caller.name == caller.name for each in self._listeners)
            if self._ended or len(self._listeners) >= LISTENERS_MAX or own >= LISTENERS_EACH_MAX:
                return None
            self._listeners.add(listener)
            self._changed.notify_all()
        return listener

    def wait_until_it_follows(self) -> bool:
        """Wait until nothing that happens from now on is missed; False when the books do not answer. Blocks."""
        with self._changed:
            self._changed.wait_for(lambda: self._follows or self._ended, START_S)
            return self._follows

    def leave(self, listener: Listener) -> None:
        """Be told no more."""
        with self._changed:
            self._listeners.discard(listener)

    def _work(self) -> None:
        while self._somebody_listens():
            try:
                self._follow()
            except StudioError as error:
                self._complain(error)

    def _somebody_listens(self) -> bool:
        """Wait for a listener; False when it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._listeners)
            return not self._ended

    def _follow(self) -> None:
        """Read until nobody listens any more; what happens while the books are away is told when they are back."""
        events = overlapping_events(self._jobs.latest_event_id())
        changes = overlapping_changes(self._jobs.latest_change())
        orders = OrderNews(self._jobs)
        while self._goes_on():
            began = time.monotonic()
            try:
                found = events.fresh(self._jobs.events_after(events.floor, given=events.given), began)
                self._publish([of_event(each) for each in found])
                changed = changes.fresh(self._jobs.changed_jobs(changes.floor, given=changes.given), began)
                self._publish([of_change(each) for each in changed])
                self._publish(orders.fresh(found))
            except StudioError as error:
                self._complain(error)
            self._pause(self._poll_s)

    def _goes_on(self) -> bool:
        """Whether somebody listens still; decided together with who joins, so that nobody joins what has ended."""
        with self._changed:
            self._follows = bool(self._listeners) and not self._ended
            self._changed.notify_all()
            return self._follows

    def _complain(self, error: StudioError) -> None:
        log.warning("the live stream waits for the books: %s", error)
        self._pause(PATIENCE_S)

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._ended, seconds)

    def _publish(self, messages: list[Message]) -> None:
        with self._changed:
            listeners = list(self._listeners)
        for listener in listeners:
            wanted = [message for message in messages if listener.wants(message)]
            if wanted:
                _tell(listener, wanted)

    def _publish_end(self) -> None:
        with self._changed:
            listeners, self._listeners = list(self._listeners), set()
        for listener in listeners:
            _tell(listener, [None])


def _tell(listener: Listener, messages: Sequence[Message | None]) -> None:
    with suppress(RuntimeError):  # its loop ended together with it
        listener.loop.call_soon_threadsafe(listener.tell, messages)
