"""``python -m rascade``: the command line, where its folder is not on the path."""

from rascade.cli.main import run

if __name__ == "__main__":
    run()
