"""What several commands ask for in the same words."""

from pathlib import Path

import click

FILE = click.Path(path_type=Path, dir_okay=False)
EXISTING = click.Path(path_type=Path, dir_okay=False, exists=True)
FOLDER = click.Path(path_type=Path, file_okay=False)

home_option = click.option(
    "--home",
    type=FOLDER,
    default=Path(),
    show_default="here",
    help="Folder of the installation (central.yaml, keys, database, blobs).",
)
