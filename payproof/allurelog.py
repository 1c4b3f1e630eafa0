"""Allure's files as they may be kept: whatever allure-pytest writes of a test passes the redactor on its way to the disk.

A failed test shows what it compared, and captured output shows what a library printed: both can hold a card number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import allure_commons
from allure_commons.logger import AllureFileLogger
from allure_pytest import plugin as allure_plugin

if TYPE_CHECKING:
    from collections.abc import Callable


class SafeLogger(AllureFileLogger):
    """Writes what AllureFileLogger writes, with `hide` applied to every text; other attachments are not kept."""

    def __init__(self, folder: str, hide: Callable[[str], str], *, clean: bool = False) -> None:
        """Take the folder of the results, emptied if it is to be clean, and the function that hides."""
        super().__init__(folder, clean)  # type: ignore[no-untyped-call]  # the library has no types
        self._hide = hide

    def _report_item(self, item: Any) -> None:
        super()._report_item(_hidden(item, self._hide))  # type: ignore[no-untyped-call]  # the library has no types

    @allure_commons.hookimpl
    def report_attached_file(self, source: str, file_name: str) -> None:
        """Keep a file that is text, with what must not be seen hidden in it."""
        with open(source, encoding="utf-8", errors="replace") as file:  # noqa: PTH123  # a path as allure-pytest gives it
            self.report_attached_data(file.read(), file_name)

    @allure_commons.hookimpl
    def report_attached_data(self, body: str | bytes, file_name: str) -> None:
        """Keep a text, with what must not be seen hidden in it."""
        text = body if isinstance(body, str) else body.decode("utf-8", "replace")
        super().report_attached_data(self._hide(text), file_name)  # type: ignore[no-untyped-call]  # the library has no types


def _hidden(value: Any, hide: Callable[[str], str]) -> Any:
    """Give an item of Allure's model, or a list of them, with the texts hidden that can show something of an exchange."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, list):
        value[:] = [_hidden(inner, hide) for inner in value]
    for name in _TELLING:
        if getattr(value, name, None):
            setattr(value, name, _hidden(getattr(value, name), hide))
    return value


_TELLING = ("name", "fullName", "value", "message", "trace", "statusDetails", "parameters", "steps", "attachments")


def guard(hide: Callable[[str], str]) -> Callable[[], None]:
    """Let allure-pytest, which is configured after this, register a safe logger; give what takes that back."""
    before = allure_plugin.AllureFileLogger

    def made(folder: str, clean: bool = False) -> SafeLogger:  # noqa: FBT001, FBT002  # as allure-pytest calls it
        return SafeLogger(folder, hide, clean=clean)

    def back() -> None:
        allure_plugin.AllureFileLogger = before

    allure_plugin.AllureFileLogger = made
    return back
