"""Verbs that simulate, or look after what was simulated: trials, experiments, patients, cohorts."""
