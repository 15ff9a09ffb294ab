"""From simulations to answers: claims, facts, identifiability, operating characteristics.

Each folder is one question, with its records, its run and its tables; they use the bench and
trials, and know no study file. `registry` names those that answer item by item, says what each
has to do, and lets packages from outside bring their own (entry points of the group
``rascade.analyses``). `standing` tells what an expectation is worth as a test. A new analysis is
a folder here, a class in `registry`, a runner in `rascade.studies.running` and a verb.
"""
