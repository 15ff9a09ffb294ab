"""What writes the generated pages of the documentation: one module a kind of page."""
