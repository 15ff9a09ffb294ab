"""Finished runs as reports read them: what a folder, or a result in memory, holds.

May use `look`, the records of `rascade.trial` and the files of `rascade.results`; draws nothing. A
new kind of run gets a module here, whose errors name file, key and mend.
"""
