"""The one look of pages and figures: palette, canvas, texts, links, HTML from templates, files.

Knows nothing of trials. Colours and sizes are in `canvas`, words and numbers as texts in `text`,
formats of figures in `files`.
"""
