"""The bench: cells in a dish, tumours in mice, one body and small trials, from a record to numbers.

Every experiment runs here, whoever asks: a study file (`spec`, `run`, `experiment`), or a claim, a
fact or a question of identifiability (`questions`). `plate` is the one runner that brings members
to rest, doses and reads them. Cell lines, genes and constants of dishes and mice are in ``data``.

May use the model, regimens, patients, trials and statistics; `rascade.analyses` build on it. A new
design of a study file is a case of `spec.conditions` and of `summary`.
"""
