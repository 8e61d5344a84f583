"""Counts what holds and what does not, in the form that scripts/test.sh reads."""

import time
import traceback
from collections.abc import Callable


class Failed(Exception):
    """What is wrong, as one says it to whoever has to mend it."""


class Outcome:
    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def check(self, name: str, test: Callable[[], None]) -> None:
        start = time.monotonic()
        try:
            test()
        except Failed as failure:
            self.failed += 1
            print(f"FAILED  {name}: {failure}")
        except Exception:
            self.failed += 1
            print(f"FAILED  {name}")
            traceback.print_exc()
        else:
            self.passed += 1
            seconds = time.monotonic() - start
            print(f"ok      {name}" + (f" ({seconds:.1f} s)" if seconds > 1 else ""))

    def end(self) -> int:
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


def expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Failed(otherwise)
