"""How fast the tokens of an answer came."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Pace:
    """When the tokens of an answer came.

    Attributes:
        begin_s: when the question was put.
        stamps_s: one for each token.
        clock: seconds.
    """

    clock: Callable[[], float] = time.perf_counter
    stamps_s: list[float] = field(default_factory=list)
    begin_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.begin_s = self.clock()

    def token(self) -> None:
        """A token is here."""
        self.stamps_s.append(self.clock())

    @property
    def first_token_ms(self) -> float:
        """From the question to the first token."""
        return round((self.stamps_s[0] - self.begin_s) * 1000, 3)

    @property
    def tokens_per_s(self) -> float:
        """Of the tokens after the first."""
        return round((len(self.stamps_s) - 1) / (self.stamps_s[-1] - self.stamps_s[0]), 3)
