"""``reference/cli.md``: every verb with its arguments, options and help, from the typer apps."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from builder.text import NOTE, code, fence, table

__all__ = ["cli_page", "commands"]

_HEAD = """\
# Command line

`rascade VERB ...` does the work; `rascade VERB --help` prints what stands here.

Exit codes, the same for every verb:

| code | meaning |
| ---: | --- |
| 0 | done |
| 1 | the solver gave up, or a defect of Rascade |
| 2 | wrong use or wrong input; the message says where and how to mend it |
| 3 | right in itself, but not in this version |
| 130 | interrupted (Ctrl-C); nothing was written, or what can be resumed |
| 143 | ended by SIGTERM, as by Ctrl-C |

With `RASCADE_DEBUG=1` in the environment an unexpected error shows its traceback.
"""


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, as (words behind ``rascade``, click command)."""
    from typer.main import get_command

    from rascade.cli.main import VERBS

    for verb, (module, _) in VERBS.items():
        command: Any = get_command(import_module(module).app)
        children = getattr(command, "commands", None)
        if not children:
            yield verb, command
            continue
        for name, child in children.items():
            yield f"{verb} {name}", child


def cli_page() -> str:
    """Return the page."""
    parts = [NOTE, _HEAD, *(_entry(name, command) for name, command in commands())]
    return "\n".join(parts) + "\n"


def _entry(name: str, command: Any) -> str:
    parameters = [p for p in command.params if "--help" not in p.opts]
    usage = " ".join(["rascade", name, *(_usage(p) for p in parameters)])
    text = _help(command.help or "")
    rows = [
        (_spelling(p), "yes" if p.required else "", _default(p), p.help or "") for p in parameters
    ]
    listing = table(("argument or option", "needed", "if left out", "meaning"), rows)
    return "\n".join([f"## {name}\n", fence(usage), "", text, "", listing if rows else "", ""])


def _help(text: str) -> str:
    r"""Return typer's help as Markdown: a ``\b`` paragraph with indented lines becomes code."""
    blocks = []
    for block in textwrap.dedent(text).strip().split("\n\n"):
        lines = [line for line in block.splitlines() if line.strip() != "\b"]
        plain = [line for line in lines if not line.startswith("  ")]
        shown = [line[2:] for line in lines if line.startswith("  ")]
        if not shown:
            blocks.append("\n".join(lines))
        elif len(plain) <= 1 or lines[-1].startswith("  "):
            blocks.append("\n".join(plain[:1] if len(plain) == 1 else _mixed(lines)))
            if len(plain) == 1:
                blocks.append(fence("\n".join(shown)))
        else:
            blocks.append("\n".join(_mixed(lines)))
    return "\n\n".join(blocks)


def _mixed(lines: list[str]) -> list[str]:
    result, inside = [], False
    for line in lines:
        now = line.startswith("  ")
        if now != inside:
            result.append("```text" if now else "```\n")
            if now:
                result.insert(-1, "")
            inside = now
        result.append(line[2:] if now else line)
    return [*result, "```"] if inside else result


def _is_option(parameter: Any) -> bool:
    return str(parameter.param_type_name) == "option"


def _is_flag(parameter: Any) -> bool:
    return bool(getattr(parameter, "is_flag", False))


def _name(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper()).strip("[]")


def _usage(parameter: Any) -> str:
    text = _name(parameter)
    if _is_option(parameter):
        text = parameter.opts[0] if _is_flag(parameter) else f"{parameter.opts[0]} {text}"
    return text if parameter.required else f"[{text}]"


def _spelling(parameter: Any) -> str:
    if not _is_option(parameter):
        return code(_name(parameter))
    return code(
        parameter.opts[0] if _is_flag(parameter) else f"{parameter.opts[0]} {_name(parameter)}"
    )


def _default(parameter: Any) -> str:
    value = parameter.default
    plain = isinstance(value, int | float | str) and not isinstance(value, bool)
    return code(value) if plain else ""
