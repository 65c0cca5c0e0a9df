"""Why a file cannot be used: a stable code and the values that its sentence names (`reasons.py` has the sentences)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Refusal(Exception):
    """A file that cannot be used. `values` fill the sentence; they never hold text from inside the file."""

    def __init__(self, code: str, **values: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@contextmanager
def refusing(code: str, **values: str | int) -> Iterator[None]:
    """Turn whatever a decoder raises into one refusal.

    Decoders raise anything on hostile input (StopIteration, RecursionError and struct.error among them), so the
    net is wide on purpose; a Refusal passes unchanged and memory is told apart from damage.
    """
    try:
        yield
    except Refusal:
        raise
    except MemoryError as error:
        raise Refusal("out_of_memory") from error
    except RecursionError as error:
        raise Refusal("nested_too_deep") from error
    except Exception as error:
        raise Refusal(code, **values) from error
