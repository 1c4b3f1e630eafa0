"""Ctrl-C goes to every process of a terminal, and is for one of them: the one that ends all others."""

from __future__ import annotations

import contextlib
import signal
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Start processes within this: Ctrl-C reaches them, and the caller, only afterwards.

    A Python that is interrupted before it has read its own modules prints a traceback that nobody can prevent in it.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # where it is started later, it lets signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ignored() -> None:
    """Be a process that somebody else ends, from here on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
