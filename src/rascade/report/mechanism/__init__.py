"""The mechanism drawn: boxes placed in bands, edges led round them."""
