"""Identifiers that repeat with a tenant's name and never meet those of another tenant."""

import random
import string
import uuid
from collections.abc import Container


class Ids:
    """A stream of identifiers, the same for the same seed.

    The identifiers name things and guard nothing (secrets come from elsewhere), so a seeded generator is right here.
    """

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)  # noqa: S311  # names, no secrets; see above

    def uuid(self) -> str:
        """Draw a UUID of version 4, in lower case."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def digits(self, count: int) -> str:
        """Draw ``count`` decimal digits."""
        return f"{self._random.randrange(10**count):0{count}d}"

    def letters(self, count: int, *, taken: Container[str]) -> str:
        """Draw upper-case letters that are not in ``taken``: ``count`` of them, more where it becomes crowded."""
        while True:
            for _ in range(8):
                word = "".join(self._random.choices(string.ascii_uppercase, k=count))
                if word not in taken:
                    return word
            count += 1
