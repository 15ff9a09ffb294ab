"""Pages: from the folder of a run to one self-contained HTML file each.

May use everything else of the report. A page is a function that reads a folder, and a template in
``report/templates``.
"""
