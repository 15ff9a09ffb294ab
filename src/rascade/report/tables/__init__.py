"""Tables of reports as texts, and the sentences above them."""
