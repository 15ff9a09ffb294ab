"""Running studies: from a study to a folder of results, whole or not there.

A module a verb; `study_folder` is the shape that trials, experiments and studies of operating
characteristics share, and `rascade.trial.running` is what runs a trial. May use everything below
studies, and the study files; nothing here is imported by them. Two places to extend it: a new kind
of study gives `study_folder.run_into` its work, a new executor gets a line in `executors.BUILT_IN`
or an entry point.
"""
