"""Where results are kept: folders that are whole or not there, chunks, locks, manifests, the index.

May use what lies below; knows no study file. `rascade.studies` write here, reports read here.
"""
