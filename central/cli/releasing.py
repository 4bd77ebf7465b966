"""The commands on releases of software, speech models and logos; each imports what it needs when it runs."""

from pathlib import Path
from typing import Literal

import click

from central.cli.options import EXISTING, FILE, home_option


@click.group()
def software() -> None:
    """The software of gateways: releases, and who gets them."""


@software.command("pack")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.argument("file", type=FILE)
def software_pack(folder: Path, file: Path) -> None:
    """Put the wheels in FOLDER into one bundle, for gateways with this machine's Python."""
    from central.cli.plain import plainly
    from central.fleet.software import pack

    with plainly():
        click.echo(f"release {pack(folder, file)} in {file}")


@software.command("add")
@home_option
@click.argument("file", type=EXISTING)
def software_add(home: Path, file: Path) -> None:
    """Take a bundle in, to be rolled out on the page of roll-outs or by `software rollout`."""
    from central.cli.plain import plainly
    from central.cli.works import courtroom
    from central.fleet.software import add
    from central.people.service import SYSTEM

    with plainly(), courtroom(home) as court, court.store.write() as session:
        made = add(session, court.blobs, file, court.clock(), actor=SYSTEM.ref)
        click.echo(f"release {made.release} for Python {made.python}, {len(made.wheels)} packages")


@software.command("rollout")
@home_option
@click.argument("release")
@click.argument("gateways", nargs=-1, required=True)
def software_rollout(home: Path, release: str, gateways: tuple[str, ...]) -> None:
    """Bring RELEASE to these gateways: one, then a tenth, then all; the first that gives it back stops it."""
    from central.cli.plain import plainly
    from central.cli.works import courtroom, rolled_out

    with plainly(), courtroom(home) as court:
        number = rolled_out(court, release, gateways)
    click.echo(f"roll-out {number} begins; its page shows how far it is")


@click.group()
def files() -> None:
    """Speech models and logos of gateways: taken in, and who gets them."""


@files.command("add")
@home_option
@click.argument("document", type=click.Choice(["model", "logo"]))
@click.argument("name")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
def files_add(home: Path, document: Literal["model", "logo"], name: str, source: Path) -> None:
    """Take in the model in the folder SOURCE, or the PNG picture SOURCE, as NAME."""
    from central.cli.plain import plainly
    from central.cli.works import courtroom
    from central.fleet.files import add
    from central.people.service import SYSTEM

    with plainly(), courtroom(home) as court, court.store.write() as session:
        made = add(session, court.blobs, document, name, source, court.clock(), actor=SYSTEM.ref)
        click.echo(f"{document} {name} is number {made.id}; roll it out on the page of roll-outs")
