"""How the population is fitted to trials, and how well it predicts those it never saw.

`targets` says which published values are fitted and which are only compared with, `build` fits the
ensemble of hyperparameters to the former, `validate` scores predictions of the latter beside
baselines, `figures` draws them. Uses everything from `rascade.statistics` to `rascade.studies`;
only the report and the command line use it. A further target is a row of the evidence and, where it
is to be fitted, one of ``trial/data/roles.csv``.
"""
