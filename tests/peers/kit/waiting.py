"""Waits for something to become true, and says what it was instead when it does not."""

import time

PAUSE = 0.1


def eventually(look, holds, what, seconds=60.0):
    """Asks `look()` until `holds` its answer, and gives that answer. A failed look counts as not yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            seen = look()
            if holds(seen):
                return seen
        except (OSError, KeyError, IndexError, TypeError) as error:
            seen = repr(error)
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}; last seen: {seen}"
        time.sleep(PAUSE)


class raises:
    """`with raises(Kind, "what") as caught:` The error is in `caught.error`; anything else fails."""

    def __init__(self, kind, what):
        self.kind, self.what, self.error = kind, what, None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        assert error is not None, f"nothing was raised: {self.what}"
        if not isinstance(error, self.kind):
            return False
        self.error = error
        return True
