"""Data of the user's own: curves, patients and tumour sizes, read from plain files and checked.

May use the model's and the patients' tables and statistics. Every error names file, row and column.
"""
