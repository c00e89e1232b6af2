"""What the commands of the terminal share."""

import os
from pathlib import Path

import click

from roomful.settings import Settings, SettingsError, read_env_file


def load_settings(**overrides: object) -> Settings:
    """The settings, with options of the command line over the environment. Raises `click.ClickException`."""
    given = {name: str(value) for name, value in overrides.items() if value is not None}
    try:
        return Settings.load(read_env_file(Path(".env")) | dict(os.environ) | given)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def table(rows: list[list[str]], right: frozenset[int] = frozenset()) -> list[str]:
    """Lines with aligned columns, for people; the columns `right` are aligned to the right.

    What is not printable comes out as "?", so that no text from elsewhere can steer a terminal.
    """
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if number in right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
