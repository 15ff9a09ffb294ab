"""Counter-based random numbers: a draw depends on seed, stream, patient and attempt only.

A stream is a name (``parameter:KRAS_share``, ``lesion error``). Patient i of a stream gets the same
number whether one patient is drawn or a million, in one chunk or many, and whatever other streams
exist.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from rascade.errors import InputError

__all__ = [
    "LARGEST_SEED",
    "check_seed",
    "exponential",
    "normal",
    "uniform",
    "uniform_at",
    "uniform_rows",
]

#: A seed is a whole number from 0 to this one, which every file format and database can hold.
LARGEST_SEED = 2**63 - 1

_TINY = 2.0**-54


_BLOCK = 4096  # patients drawn at once
_PER_COUNTER = 4  # numbers that Philox makes at each step of its counter


def check_seed(seed: int, name: str = "--seed") -> None:
    """Refuse a seed that the random numbers cannot take.

    Raises:
        InputError: it is negative, or 2^63 or more; the message starts with `name`.
    """
    if not 0 <= seed <= LARGEST_SEED:
        raise InputError(f"{name}: {seed} must be 0 or a positive whole number below 2^63")


def _bits(seed: int, stream: str, attempt: int) -> np.random.Philox:
    """Return the source of an attempt at a stream, at its beginning."""
    digest = hashlib.sha256(f"{seed}\x1f{stream}\x1f{attempt}".encode()).digest()
    return np.random.Philox(key=np.frombuffer(digest[:16], dtype="<u8"))


def _block(seed: int, stream: str, attempt: int, block: int, count: int) -> NDArray[np.float64]:
    """Return the first numbers of one block of patients, wherever in the stream it lies."""
    bits = _bits(seed, stream, attempt)
    if block:
        bits.advance(block * _BLOCK // _PER_COUNTER)
    return np.random.Generator(bits).random(count)


def uniform(
    seed: int, stream: str, patients: NDArray[np.int64], attempt: int = 0
) -> NDArray[np.float64]:
    """Return one number in (0, 1) for each patient.

    Args:
        seed: of the study.
        stream: name of what is drawn.
        patients: shape (n,), patient numbers >= 0.
        attempt: 0 at first; raised when a patient is drawn anew.
    """
    last = int(patients.max(initial=-1))
    if last < _BLOCK:  # small cohorts are drawn very often, and none of it need be sorted
        numbers = _block(seed, stream, attempt, 0, last + 1)
        return np.clip(numbers[patients], _TINY, 1.0 - _TINY)
    drawn = np.empty(patients.size)
    blocks = patients // _BLOCK
    for block in np.unique(blocks):
        mine = blocks == block
        places = patients[mine] - block * _BLOCK
        drawn[mine] = _block(seed, stream, attempt, int(block), int(places.max()) + 1)[places]
    return np.clip(drawn, _TINY, 1.0 - _TINY)


def uniform_at(
    seed: int, stream: str, patients: NDArray[np.int64], attempts: NDArray[np.int64] | int
) -> NDArray[np.float64]:
    """Return one number in (0, 1) for each patient at his own attempt, as `uniform` would.

    Args:
        seed: of the study.
        stream: name of what is drawn.
        patients: shape (n,), patient numbers >= 0.
        attempts: shape (n,), or one for all.
    """
    if isinstance(attempts, int):
        return uniform(seed, stream, patients, attempts)
    drawn = np.empty(patients.size)
    for attempt in np.unique(attempts):
        now = attempts == attempt
        drawn[now] = uniform(seed, stream, patients[now], int(attempt))
    return drawn


def normal(
    seed: int, stream: str, patients: NDArray[np.int64], attempt: int = 0
) -> NDArray[np.float64]:
    """Return one standard normal number for each patient; arguments as `uniform`."""
    from scipy.special import ndtri

    return np.asarray(ndtri(uniform(seed, stream, patients, attempt)))


def exponential(
    seed: int, stream: str, patients: NDArray[np.int64], attempt: int = 0
) -> NDArray[np.float64]:
    """Return one number of mean 1 from the exponential distribution for each patient."""
    return -np.log(uniform(seed, stream, patients, attempt))


def uniform_rows(
    seed: int, stream: str, attempts: NDArray[np.int64], columns: int
) -> NDArray[np.float64]:
    """Return the first numbers of many attempts at a stream: replicate trials, one a row.

    Row r holds what ``uniform(seed, stream, arange(columns), attempts[r])`` returns, so that a
    trial with fewer patients is the beginning of one with more.

    Args:
        seed: of the study.
        stream: name of what is drawn.
        attempts: shape (r,), numbers of the replicates.
        columns: numbers in each row.
    """
    drawn = np.empty((attempts.size, columns))
    for row, attempt in enumerate(attempts):
        np.random.Generator(_bits(seed, stream, int(attempt))).random(out=drawn[row])
    return np.clip(drawn, _TINY, 1.0 - _TINY, out=drawn)
