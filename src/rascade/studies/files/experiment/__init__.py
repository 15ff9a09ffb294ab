"""Study files of ``kind: experiment``: a dish or mice, what is given, and what is read.

`parts` are cells, treatments and series; `study` puts them together and checks that they fit the
design. It uses the parts that all study files share.
"""
