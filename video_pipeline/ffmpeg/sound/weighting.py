"""Owns the K-weighting filter of loudness; hides how a recursive filter is run without a step per sample.

ITU-R BS.1770-4 gives the filter as two sections of second order, one behind the other. In state space that is four
numbers of memory. Samples are taken in rows of 64: the answer to the samples of a row is one matrix product for all
rows at once, the memory at the start of each row is found in the same way over rows of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Matrix = NDArray[np.float64]

# BS.1770-4, tables 1 and 2, for 48 kHz: the high shelf of the head and the high pass, each b0 b1 b2 a1 a2.
_SECTIONS = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585),
    (1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621),
)

_ROW = 64
_ROWS = 75  # a row of rows: 100 ms


class KWeighting:
    """The filter with its memory of `channels` channels; sound of shape (channels, samples) goes through in blocks."""

    def __init__(self, channels: int) -> None:
        self._memory = np.zeros((channels, 4))

    def weigh(self, block: Samples) -> Samples:
        """The weighted block; its length is a multiple of 4800, but for the last one."""
        length = block.shape[1]
        rows = -(-length // (_ROW * _ROWS)) * _ROWS
        padded = np.zeros((len(block), rows * _ROW), np.float32)
        padded[:, :length] = block
        return np.stack([self._channel(number, samples) for number, samples in enumerate(padded)])[:, :length]

    def _channel(self, number: int, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        short, long = _machines()
        rows = samples.reshape(-1, _ROW)
        pushes = (rows @ short.push).astype(np.float64)
        chunks = pushes.reshape(-1, _ROWS * 4)
        jumps = chunks @ long.push
        starts = np.empty((len(chunks), 4))
        memory = self._memory[number]
        for place, jump in enumerate(jumps):
            starts[place] = memory
            memory = long.keep @ memory + jump
        self._memory[number] = memory
        memories = (chunks @ long.answer + starts @ long.echo).reshape(-1, 4)
        weighted = rows @ short.answer
        weighted += memories.astype(np.float32) @ short.echo
        return np.asarray(weighted.reshape(-1), np.float32)


@dataclass(frozen=True, slots=True)
class _Machine:
    """A linear machine that takes a row of inputs at once: row @ answer + memory @ echo is what comes out."""

    answer: NDArray[np.float32] | Matrix
    echo: NDArray[np.float32] | Matrix
    push: NDArray[np.float32] | Matrix  # row @ push is added to what is left of the memory,
    keep: Matrix  # which is keep @ memory


@lru_cache(maxsize=1)
def _machines() -> tuple[_Machine, _Machine]:
    """The filter over 64 samples, and its memory over 75 such rows."""
    step, enter, leave, direct = _state_space()
    powers = [np.eye(4)]
    for _ in range(_ROW):
        powers.append(step @ powers[-1])
    response = [direct, *(float(leave @ power @ enter) for power in powers[: _ROW - 1])]
    answer = np.array([[response[after - at] if after >= at else 0.0 for after in range(_ROW)] for at in range(_ROW)])
    push = np.array([powers[_ROW - 1 - at] @ enter for at in range(_ROW)])
    echo = np.array([leave @ powers[after] for after in range(_ROW)]).T
    # The samples have 24 bits, and so does what is done with them; the memory is kept more exactly.
    real = np.float32
    short = _Machine(answer.astype(real), echo.astype(real), push.astype(real), powers[_ROW])
    strides = [np.eye(4)]
    for _ in range(_ROWS):
        strides.append(short.keep @ strides[-1])
    # What comes out of the machine of rows is the memory before each row, so its answer is one row late.
    zero = np.zeros((4, 4))
    late = [[strides[after - at - 1] if after > at else zero for after in range(_ROWS)] for at in range(_ROWS)]
    long = _Machine(
        answer=np.block([[block.T for block in row] for row in late]),
        echo=np.hstack([stride.T for stride in strides[:_ROWS]]),
        push=np.vstack([strides[_ROWS - 1 - at].T for at in range(_ROWS)]),
        keep=strides[_ROWS],
    )
    return short, long


def _state_space() -> tuple[Matrix, Matrix, Matrix, float]:
    """Both sections as memory' = step @ memory + enter * x and y = leave @ memory + direct * x."""
    parts = []
    for b0, b1, b2, a1, a2 in _SECTIONS:
        # Transposed direct form II: two numbers of memory in each section.
        parts.append((np.array([[-a1, 1.0], [-a2, 0.0]]), np.array([b1 - a1 * b0, b2 - a2 * b0]), b0))
    (step1, enter1, direct1), (step2, enter2, direct2) = parts
    first = np.array([1.0, 0.0])
    step = np.block([[step1, np.zeros((2, 2))], [np.outer(enter2, first), step2]])
    enter = np.concatenate([enter1, enter2 * direct1])
    leave = np.concatenate([direct2 * first, first])
    return step, enter, leave, direct1 * direct2
