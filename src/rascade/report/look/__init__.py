"""The one look of pages and figures: palette, canvas, texts, links, HTML from templates."""
