"""The bench: cells in a dish, tumours in mice, one body and small trials, from a record to numbers.

Every experiment runs here, whoever asks: a study file (`spec`, `run`, `experiment`), a claim, a
fact or a question of identifiability (`records`, `courses`, `patients`). `plate` is the one
runner that brings members to rest, doses and reads them; `effects` and `expression` turn courses
into the number that an expectation is about; `listing` reads lists of experiments and says in
which line one is wrong. Cell lines, genes and constants of dishes and mice are in ``data``.

May use the model, regimens, patients, trials and statistics; `rascade.analyses` build on it. A
new function of an effect is a method of the reader in `effects` (courses) or `patients` (trials);
a new design of a study file is a case of `spec.conditions` and of `summary`.
"""
