"""Patients made by hand, with what iRECIST says of each and why. Worked on paper, not by code.

Lesions as in `recist_table`. ``nt=PD+`` are non-targets that are PD and worse than the time
before. ``new10,8`` are new lesions by their diameters, ``newx`` one that cannot be measured,
``newx+`` the same, worse than before. ``d=70`` is a death. Expected: response at each visit, best
response (iBOR), and progression-free survival as the day of the event, or ``>day`` if censored.
"""

from __future__ import annotations

from typing import NamedTuple


class ICase(NamedTuple):
    baseline: str
    visits: str
    expected: str
    best: str
    pfs: str
    why: str


CASES = [
    ICase("50", "56: 50; 112: 50", "iSD iSD", "iSD", ">112", "no change"),
    ICase("50", "56: 35; 112: 35", "iPR iPR", "iPR", ">112", "-30 %"),
    ICase("50", "56: 0; 112: 0", "iCR iCR", "iCR", ">112", "gone"),
    ICase("50", "56: 60; 84: 65", "iUPD iCPD", "iCPD", "56", "exactly 5 mm more confirms"),
    ICase("50", "56: 60; 84: 64", "iUPD iUPD", "iUPD", "56", "4 mm more do not"),
    ICase("50", "56: 60; 84: 64; 112: 65", "iUPD iUPD iCPD", "iCPD", "56", "5 mm since the first"),
    ICase("50", "56: 60; 84: 60", "iUPD iUPD", "iUPD", "56", "unchanged: unconfirmed again"),
    ICase("50", "56: 60; 84: 59", "iUPD iSD", "iSD", ">84", "+18 % from nadir: reset"),
    ICase("50", "56: 60; 84: 35", "iUPD iPR", "iPR", ">84", "pseudoprogression"),
    ICase("50", "56: 60; 84: 0", "iUPD iCR", "iCR", ">84", "pseudoprogression, then gone"),
    ICase("50", "56: 60; 84: 40; 112: 48; 140: 53", "iUPD iSD iUPD iCPD", "iSD", "112",
          "bar reset; new nadir 40, +20 % and +8 mm; then +5 mm"),
    ICase("50", "56: 60; 84: 40; 112: 47", "iUPD iSD iSD", "iSD", ">112", "+17.5 % from nadir 40"),
    ICase("50", "56: 60; 84: 62; 112: 50", "iUPD iUPD iSD", "iSD", ">112", "reset at the third"),
    ICase("50", "56: 60; 84: -; 112: 65", "iUPD NE iCPD", "iCPD", "56", "a gap does not reset"),
    ICase("50", "56: 60; 84: -; 112: 50", "iUPD NE iSD", "iSD", ">112", "reset after a gap"),
    ICase("50", "56: 60; 84: -", "iUPD NE", "iUPD", "56", "nothing overturned it"),
    ICase("50", "56: -; 84: 60; 112: 66", "NE iUPD iCPD", "iCPD", "84", "first scan missed"),
    ICase("50", "56: 60 d=70", "iUPD", "iUPD", "56", "death follows: dated at the iUPD"),
    ICase("50", "56: 50 d=70", "iSD", "iSD", "70", "death without progression"),
    ICase("50", "56: - d=70", "NE", "NE", "70", "death after a missed scan"),
    ICase("50", "56: -", "NE", "NE", ">0", "no scan that counts: censored at the start"),
    ICase("50", "56: 50 new10", "iUPD", "iUPD", "56", "a new lesion is iUPD"),
    ICase("50", "56: 50 new10; 84: 50 new15", "iUPD iCPD", "iCPD", "56", "it grew by 5 mm"),
    ICase("50", "56: 50 new10; 84: 50 new14", "iUPD iUPD", "iUPD", "56", "it grew by 4 mm"),
    ICase("50", "56: 50 new10; 84: 50 new14; 112: 50 new15", "iUPD iUPD iCPD", "iCPD", "56",
          "5 mm since it was seen"),
    ICase("50", "56: 50 new10; 84: 50 new10,10", "iUPD iCPD", "iCPD", "56", "another one"),
    ICase("50", "56: 50 new10; 84: 50 new9", "iUPD iSD", "iSD", ">84", "it shrank: reset"),
    ICase("50", "56: 50 new10; 84: 35 new10", "iUPD iUPD", "iUPD", "56", "it is unchanged"),
    ICase("50", "56: 50 new10; 84: 35 new8", "iUPD iPR", "iPR", ">84", "need not vanish for iPR"),
    ICase("50", "56: 50 new10; 84: 0 new8", "iUPD iPR", "iPR", ">84", "but must for iCR"),
    ICase("50", "56: 50 new10; 84: 0", "iUPD iCR", "iCR", ">84", "it vanished with the targets"),
    ICase("50", "56: 50 new10; 84: 50 new8; 112: 50 new8", "iUPD iSD iSD", "iSD", ">112",
          "known and unchanged after the reset"),
    ICase("50", "56: 50 new10; 84: 50 new8; 112: 50 new13; 140: 50 new18",
          "iUPD iSD iUPD iCPD", "iSD", "112", "+5 mm after the reset, and +5 mm again"),
    ICase("50", "56: 50 new10; 84: 50 new8; 112: 50 new8,6", "iUPD iSD iUPD", "iSD", "112",
          "another new lesion after the reset is iUPD anew"),
    ICase("50", "56: 60; 84: 60 new10", "iUPD iCPD", "iCPD", "56", "another category progresses"),
    ICase("50", "56: 50 new10; 84: 60 new10", "iUPD iCPD", "iCPD", "56", "now the targets do"),
    ICase("50", "56: 50 nt=PD; 84: 50 nt=PD", "iUPD iUPD", "iUPD", "56", "non-targets no worse"),
    ICase("50", "56: 50 nt=PD; 84: 50 nt=PD+", "iUPD iCPD", "iCPD", "56", "non-targets worse"),
    ICase("50", "56: 50 nt=PD; 84: 50 nt=NN", "iUPD iSD", "iSD", ">84", "non-targets back: reset"),
    ICase("50", "56: 50 nt=PD; 84: 35 nt=NN", "iUPD iPR", "iPR", ">84", "reset to iPR"),
    ICase("50", "56: 50 nt=PD; 84: 60 nt=PD", "iUPD iCPD", "iCPD", "56", "targets join"),
    ICase("50", "56: 60 nt=NN; 84: 60 nt=PD", "iUPD iCPD", "iCPD", "56", "non-targets join"),
    ICase("50", "56: 50 nt=PD; 84: 50 nt=PD new10", "iUPD iCPD", "iCPD", "56", "a lesion joins"),
    ICase("50", "56: 0 nt=NN; 84: 0 nt=NN", "iPR iPR", "iPR", ">84", "non-targets left"),
    ICase("50", "56: 0 nt=CR; 84: 0 nt=CR", "iCR iCR", "iCR", ">84", "everything gone"),
    ICase("50", "56: 0 nt=CR; 84: 0 nt=NN", "iCR iUPD", "iCR", "84", "non-target back after CR"),
    ICase("50", "56: 0 nt=NE; 84: 0 nt=CR", "iPR iCR", "iCR", ">84", "non-targets unread first"),
    ICase("50", "56: 0; 84: 5; 112: 10", "iCR iUPD iCPD", "iCR", "84", "target back, and growing"),
    ICase("50", "56: 0; 84: 5; 112: 5", "iCR iUPD iUPD", "iCR", "84", "target back, not growing"),
    ICase("50", "56: 0; 84: 5; 112: 0", "iCR iUPD iCR", "iCR", ">112", "and gone again"),
    ICase("50", "56: 60; 84: 66; 112: 30", "iUPD iCPD iCPD", "iCPD", "56", "iCPD stays"),
    ICase("50", "28: 60; 56: 50", "iUPD iSD", "iSD", ">56", "iSD at day 56 is late enough"),
    ICase("50", "28: 50; 56: 61; 84: 66", "iSD iUPD iCPD", "iCPD", "56", "iSD on day 28 is early"),
    ICase("50", "56: 30; 84: 36; 112: 41", "iPR iUPD iCPD", "iPR", "84", "+20 % from nadir 30"),
    ICase("50", "56: 20; 84: 24", "iPR iPR", "iPR", ">84", "+20 % but +4 mm from nadir"),
    ICase("30 20", "56: 30 -; 84: 30 20", "NE iSD", "iSD", ">84", "a target missed"),
    ICase("30 20", "56: 65 -; 84: 70 -", "iUPD iCPD", "iCPD", "56", "PD by what was measured"),
    ICase("50", "56: 60 new10; 84: 60 new10", "iUPD iUPD", "iUPD", "56", "both unchanged"),
    ICase("50", "56: 60 new10; 84: 50 new10", "iUPD iUPD", "iUPD", "56", "one of two resolved"),
    ICase("50", "56: 60 new10; 84: 50 new8", "iUPD iSD", "iSD", ">84", "both resolved"),
    ICase("50", "56: 60 new10; 84: 65 new8", "iUPD iCPD", "iCPD", "56", "targets grew on"),
    ICase("50", "56: 50 newx; 84: 50 newx", "iUPD iUPD", "iUPD", "56", "unmeasurable, unchanged"),
    ICase("50", "56: 50 newx; 84: 50 newx+", "iUPD iCPD", "iCPD", "56", "unmeasurable, worse"),
    ICase("50", "56: 50 newx; 84: 50", "iUPD iSD", "iSD", ">84", "unmeasurable, gone"),
    ICase("50", "56: 60; 84: 55; 112: 60; 140: 65", "iUPD iSD iUPD iCPD", "iSD", "112",
          "the nadir is still 50"),
    ICase("50", "56: 60; 84: 62; 112: 64; 140: 66", "iUPD iUPD iUPD iCPD", "iCPD", "56",
          "creeping growth is confirmed once it is 5 mm"),
    ICase("50", "56: 62; 84: 60; 112: 64; 140: 65", "iUPD iUPD iUPD iCPD", "iCPD", "56",
          "5 mm from the least since the iUPD"),
    ICase("40 n20", "56: 0 n9; 84: 0 n9", "iCR iCR", "iCR", ">84", "a normal node is no disease"),
    ICase("50", "56: 60; 84: 35 d=100", "iUPD iPR", "iPR", "100", "death after a reset"),
    ICase("50", "56: 60; 84: 66 d=90", "iUPD iCPD", "iCPD", "56", "death after confirmation"),
    ICase("50", "56: 50 nt=PD; 84: -; 112: 50 nt=PD+", "iUPD NE iCPD", "iCPD", "56",
          "non-targets worse after a gap"),
    ICase("50", "56: 35; 84: -; 112: -", "iPR NE NE", "iPR", ">56", "censored at the last reading"),
]  # fmt: skip
