"""Patients made by hand, with what RECIST 1.1 says of each and why. Worked on paper, not by code.

Lesions are longest diameters in mm, ``n18`` a node by its short axis, ``-`` not assessed. A visit
is ``day: lesions``, then ``nt=CR|NN|nN|PD|NE`` for non-targets (NN: non-CR/non-PD, nN: the same,
and all that is seen are nodes) and ``new`` for a new lesion. Expected: response at each visit, best
response unconfirmed, best response confirmed (28 days), with 42 days for stable disease.
"""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    baseline: str
    visits: str
    expected: str
    best: str
    confirmed: str
    why: str


CASES = [
    Case("50", "56: 50; 112: 50", "SD SD", "SD", "SD", "no change"),
    Case("50", "56: 35; 112: 35", "PR PR", "PR", "PR", "exactly -30 % is PR, seen twice"),
    Case("50", "56: 36; 112: 36", "SD SD", "SD", "SD", "-28 % is not PR"),
    Case("90", "56: 63; 112: 63", "PR PR", "PR", "PR", "63 of 90 is -30 % in spite of rounding"),
    Case("50", "56: 60", "PD", "PD", "PD", "exactly +20 % and +10 mm"),
    Case("50", "56: 59", "SD", "SD", "SD", "+18 % is not PD"),
    Case("20", "56: 24; 112: 24", "SD SD", "SD", "SD", "+20 % but only +4 mm"),
    Case("20", "56: 25", "PD", "PD", "PD", "+25 % and exactly +5 mm"),
    Case("25", "56: 30", "PD", "PD", "PD", "both limits met exactly"),
    Case("50", "56: 0; 112: 0", "CR CR", "CR", "CR", "disappeared, confirmed"),
    Case("50", "56: 0; 80: 0", "CR CR", "CR", "SD", "24 days are too few to confirm"),
    Case("50", "56: 0; 84: 0", "CR CR", "CR", "CR", "exactly 28 days confirm"),
    Case("50", "56: 30; 112: 40", "PR PD", "PR", "SD", "+33 % and +10 mm from the nadir of 30"),
    Case("50", "56: 20; 112: 24", "PR PR", "PR", "PR", "+20 % from nadir but +4 mm: still PR"),
    Case("50", "56: 20; 112: 25", "PR PD", "PR", "SD", "+5 mm from nadir: PD though -50 %"),
    Case("100", "56: 90; 112: 107", "SD SD", "SD", "SD", "+18.9 % from the nadir of 90"),
    Case("100", "56: 90; 112: 108", "SD PD", "SD", "SD", "+20 % from nadir, +8 % from baseline"),
    Case("100", "56: 110; 112: 119", "SD SD", "SD", "SD", "the nadir is the baseline: +19 %"),
    Case("100", "56: 110; 112: 120", "SD PD", "SD", "SD", "slow growth passes +20 % of baseline"),
    Case("30 20", "56: 20 14; 112: 20 14", "PR PR", "PR", "PR", "the sum decides: 34 of 50"),
    Case("30 20", "56: 10 30; 112: 10 30", "SD SD", "SD", "SD", "one halves, one grows: sum 40"),
    Case("30 20", "56: 0 14; 112: 0 14", "PR PR", "PR", "PR", "one gone is no CR"),
    Case("30 20", "56: 0 0; 112: 0 5", "CR PD", "CR", "SD", "seen again after CR, even small"),
    Case("30 20", "56: 0 5; 112: 5 5", "PR PD", "PR", "SD", "back in PR: sum 5 to 10, +5 mm"),
    Case("40 n20", "56: 0 n9; 112: 0 n9", "CR CR", "CR", "CR", "a node under 10 mm is normal"),
    Case("40 n20", "56: 0 n10; 112: 0 n10", "PR PR", "PR", "PR", "a node of 10 mm is not"),
    Case("40 n20", "56: 0 n4; 112: 0 n9", "CR CR", "CR", "CR", "normal node may vary: still CR"),
    Case("40 n20", "56: 0 n8; 112: 0 n12", "CR PR", "CR", "PR", "node back over 10 mm: +4 mm only"),
    Case("40 n20", "56: 0 n8; 112: 0 n13", "CR PD", "CR", "SD", "node back by +5 mm and +62 %"),
    Case("n20", "56: n9; 112: n9", "CR CR", "CR", "CR", "nodes only: CR with a sum of 9 mm"),
    Case("50", "56: 50 new", "PD", "PD", "PD", "a new lesion"),
    Case("50", "56: 0 new", "PD", "PD", "PD", "a new lesion outweighs CR of the targets"),
    Case("50", "56: 30; 112: 30 new", "PR PD", "PR", "SD", "response lost by a new lesion"),
    Case("50", "56: 30 nt=PD", "PD", "PD", "PD", "non-target PD outweighs target PR"),
    Case("50", "56: 0 nt=NN; 112: 0 nt=NN", "PR PR", "PR", "PR", "non-targets left: no CR"),
    Case("50", "56: 0 nt=NE; 112: 0 nt=CR", "PR CR", "CR", "PR", "non-targets unread, then gone"),
    Case("50", "56: 0 nt=CR; 112: 0 nt=CR", "CR CR", "CR", "CR", "everything gone"),
    Case("50", "56: 0 nt=CR; 112: 0 nt=NN", "CR PD", "CR", "SD", "non-target back after CR"),
    Case("50", "56: 0 nt=CR; 112: 0 nt=nN", "CR PR", "CR", "PR", "non-target node back at 10 mm"),
    Case("50", "56: 0 nt=CR; 112: 0 nt=PD", "CR PD", "CR", "SD", "it progressed unequivocally"),
    Case("50", "56: 0 nt=CR; 112: 0 nt=nN; 168: 0 nt=CR", "CR PR CR", "CR", "PR", "9 mm again"),
    Case("50", "56: 0 nt=CR; 112: 5 nt=nN", "CR PD", "CR", "SD", "a target is back, node or not"),
    Case("50", "56: 30 nt=NE; 112: 30 nt=NN", "PR PR", "PR", "PR", "PR with non-targets unread"),
    Case("50", "56: 50 nt=NE", "SD", "SD", "SD", "SD with non-targets unread"),
    Case("50", "56: -", "NE", "NE", "NE", "no scan that counts"),
    Case("50", "56: - new", "PD", "PD", "PD", "a new lesion needs no targets"),
    Case("30 20", "56: 10 -", "NE", "NE", "NE", "one target missed: not evaluable"),
    Case("30 20", "56: 65 -", "PD", "PD", "PD", "what was measured is PD already"),
    Case("30 20", "56: 10 -; 112: 24 20", "NE SD", "SD", "SD", "a partial sum sets no nadir"),
    Case("50", "56: 30; 84: -; 112: 30", "PR NE PR", "PR", "PR", "NE between may be bridged"),
    Case("50", "56: 30; 84: 40 nt=NN", "PR PD", "PR", "SD", "+33 % from nadir before confirming"),
    Case("50", "56: 34; 84: 37; 112: 34", "PR SD PR", "PR", "SD", "SD between breaks the chain"),
    Case("50", "56: 34; 84: 37; 112: 34; 140: 34", "PR SD PR PR", "PR", "PR", "later pair counts"),
    Case("50", "56: 30; 70: 30; 84: 30", "PR PR PR", "PR", "PR", "first and third are 28 d apart"),
    Case("50", "56: 30; 112: 0; 168: 0", "PR CR CR", "CR", "CR", "PR deepens to CR"),
    Case("50", "56: 30; 112: 0", "PR CR", "CR", "PR", "CR seen once, response confirmed"),
    Case("50", "28: 50; 35: 62", "SD PD", "PD", "PD", "SD on day 28 is too early to count"),
    Case("50", "28: 50", "SD", "NE", "NE", "too early, and nothing after"),
    Case("50", "42: 50", "SD", "SD", "SD", "day 42 is just enough"),
    Case("50", "28: 30; 49: 62", "PR PD", "PR", "PD", "unconfirmed, and too early for SD"),
    Case("50", "28: 30", "PR", "PR", "NE", "unconfirmed, early, nothing after"),
    Case("50", "28: 50; 56: -; 84: 61", "SD NE PD", "PD", "PD", "no SD late enough before PD"),
    Case("50", "56: 62; 112: 10; 168: 10", "PD PR PR", "PD", "PD", "after PD nothing counts"),
    Case("50", "56: 62; 112: 70", "PD PD", "PD", "PD", "treatment beyond progression"),
    Case("50", "56: 40 new; 112: 0", "PD CR", "PD", "PD", "no best response after PD"),
    Case("20 20 20 20 20", "56: 14 14 14 14 14; 112: 14 14 14 14 14", "PR PR", "PR", "PR",
         "five targets, 70 of 100"),
    Case("10", "56: 5; 112: 5", "PR PR", "PR", "PR", "too small to measure counts 5 mm"),
    Case("10", "56: 15", "PD", "PD", "PD", "smallest measurable lesion, +5 mm"),
    Case("10", "56: 14; 112: 14", "SD SD", "SD", "SD", "+40 % but +4 mm"),
]  # fmt: skip
