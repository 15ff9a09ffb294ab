"""Warnings of a run, told on standard error: results go to standard output."""

from __future__ import annotations

from collections.abc import Iterable

import typer

__all__ = ["tell_warnings"]


def tell_warnings(warnings: Iterable[str]) -> None:
    """Print each warning on a line of its own."""
    for warning in warnings:
        typer.echo(f"rascade: warning: {warning}", err=True)
