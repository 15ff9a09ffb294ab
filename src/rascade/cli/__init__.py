"""The command line: one file a verb, no logic; everything is done by the packages below."""
