"""The claims of the review as experiments: what is expected, what the model gives, the verdict."""
