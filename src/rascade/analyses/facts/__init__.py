"""What the field agrees on, as experiments with limits: the facts that the model has to repeat."""
