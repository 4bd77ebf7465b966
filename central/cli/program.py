"""The commands. Each imports what it needs when it runs, so that `verify` works where nothing else of a court does."""

import gc
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from central.cli.options import EXISTING, FILE, FOLDER, home_option
from central.cli.releasing import files, software

if TYPE_CHECKING:
    from central.settings import Settings

ROLES = ("clerk", "judge", "archivist", "it", "admin")
KINDS = ("people", "cases", "volumes", "cabinets", "cells")
password_option = click.option(
    "--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for if not given."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="courtside", message="%(version)s")
def program() -> None:
    """The court: its fleet, its dossiers, its people, and the proof of what happened."""


@program.command()
@home_option
@click.option("--court", prompt="Name of the court in topics and certificates (a-z, 0-9, -)", help="Such as huishan.")
@click.option("--title", default="", help="The court's name for people.")
@click.option("--login", prompt="Login of the first person", help="Administrator; lets in all others.")
@click.option("--name", prompt="Their name", help="As pages show it.")
@password_option
@click.option("--host", "hosts", multiple=True, help="A name or address of this machine; the first is told to others.")
@click.option("--listen", default="127.0.0.1", show_default=True, help="Address the pages listen on; 0.0.0.0 for all.")
@click.option("--port", default=8443, show_default=True, help="Port of pages and API.")
@click.option("--broker-port", default=8883, show_default=True, help="Port of the broker.")
@click.option(
    "--tls/--no-tls", default=True, show_default=True, help="HTTPS, or plain HTTP behind a proxy or on the loopback."
)
@click.option("--database", default="", help="postgresql://...; SQLite in the home folder if not given.")
def init(  # noqa: PLR0913  (the answers of one form)
    home: Path, court: str, title: str, login: str, name: str, password: str, hosts: tuple[str, ...],
    listen: str, port: int, broker_port: int, tls: bool, database: str,
) -> None:  # fmt: skip
    """Found a court: keys, database, broker configuration, first person."""
    from central.cli.plain import plainly
    from central.clock import utc_now
    from central.founding import First, found, hosts_here

    with plainly():
        told = _told(home, court, title, hosts, listen, port, broker_port, tls, database)
        authority = found(told, First(login, name, password), hosts_here(*hosts), utc_now)
    click.echo(f"court {court} founded in {home.absolute()}")
    click.echo(
        f"root fingerprint, to be written down and given to whoever verifies exports: {authority.root_fingerprint}"
    )
    click.echo(f"next: courtside-central serve --home {home} --with-broker")


@program.command()
@home_option
@click.option("--with-broker", is_flag=True, help="Run Mosquitto beside it, as configured by this court.")
def serve(home: Path, with_broker: bool) -> None:
    """Serve pages and API until stopped."""
    gc.disable()  # what is loaded stays: looking through it again and again is a fifth of the start
    from central.cli.plain import plainly
    from central.cli.serving import serve

    with plainly():
        serve(_settings(home), with_broker=with_broker, ready=lambda url: click.echo(f"ready {url}"))


@program.group()
def user() -> None:
    """People who sign in."""


@user.command("add")
@home_option
@click.argument("login")
@click.option("--name", prompt=True, help="As pages show it.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="Once for each role.")
@password_option
def user_add(home: Path, login: str, name: str, roles: tuple[str, ...], password: str) -> None:
    """Let a person in."""
    from central.cli.plain import plainly
    from central.cli.works import courtroom
    from central.people.service import SYSTEM, add_person

    with plainly(), courtroom(home) as court, court.store.write() as session:
        person = add_person(session, SYSTEM, login, name, roles, password, court.clock())
    click.echo(f"{person.login} may sign in as {', '.join(person.roles)}")


@user.command("reset")
@home_option
@click.argument("login")
@click.option("--password", help="Asked for if not given.")
def user_reset(home: Path, login: str, password: str | None) -> None:
    """Give a person a new password; ends every session of theirs and revokes every token."""
    from central.cli.plain import Fault, plainly
    from central.cli.works import courtroom
    from central.people.service import SYSTEM, hash_password, person_by_login, set_password

    with plainly(), courtroom(home) as court:
        with court.store.read() as session:
            if person_by_login(session, login) is None:
                raise Fault(f"nobody signs in as {login}")
        hashed = hash_password(password or click.prompt("Password", hide_input=True, confirmation_prompt=True))
        with court.store.write() as session:
            person = person_by_login(session, login)
            if person is None:
                raise Fault(f"nobody signs in as {login} any more")
            revoked = set_password(session, SYSTEM, person, hashed, court.clock())
    click.echo(f"{login} has a new password; tokens revoked: {revoked}")


@program.group()
def gateway() -> None:
    """Boxes beside devices."""


@gateway.command("invite")
@home_option
@click.argument("name")
@click.option("--config", type=EXISTING, help="The first configuration the box gets.")
@click.option("--replace", is_flag=True, help="It takes over name and place of the box called NAME now.")
def gateway_invite(home: Path, name: str, config: Path | None, replace: bool) -> None:
    """A token with which one box may join as NAME, once, within a day."""
    from central.cli.plain import plainly
    from central.cli.works import courtroom, first_configuration
    from central.fleet.service import invite
    from central.people.service import SYSTEM

    with plainly(), courtroom(home) as court, court.store.write() as session:
        first = first_configuration(court, config) if config else None
        now, by = court.clock(), SYSTEM.ref
        token = invite(session, name, court.authority, now, actor=by, configuration=first, replaces=replace)
        url = court.settings.public_url
    click.echo("on the box, within a day, once:")
    click.echo(f"courtside-gateway enrol {url} {token}")


@program.group()
def reader() -> None:
    """Programs of others that read at the broker how devices stand."""


@reader.command("add")
@home_option
@click.argument("name")
@click.option("--into", type=FOLDER, required=True, help="Folder for its certificate and key.")
def reader_add(home: Path, name: str, into: Path) -> None:
    """Let the program NAME read; gives the command of Mosquitto's own client that shows what it sees."""
    from central.cli.plain import plainly
    from central.cli.works import courtroom
    from central.fleet import readers
    from central.people.service import SYSTEM
    from central.running import admit

    with plainly(), courtroom(home) as court:
        with court.store.write() as session:
            papers = readers.add(session, court.authority, name, court.clock(), actor=SYSTEM.ref)
            files = readers.lay(papers, into)
        admit(court.store, court.settings, court.authority)
        click.echo(_as_reader(court.settings, files))


@reader.command("renew")
@home_option
@click.argument("name")
@click.option("--into", type=FOLDER, required=True, help="Folder for its new certificate and key.")
def reader_renew(home: Path, name: str, into: Path) -> None:
    """Give the program NAME another certificate; the broker turns the old one away at once."""
    from central.cli.plain import plainly
    from central.cli.works import courtroom
    from central.fleet import readers
    from central.people.service import SYSTEM
    from central.running import put_out

    with plainly(), courtroom(home) as court:
        with court.store.write() as session:
            papers = readers.renew(session, court.authority, name, court.clock(), actor=SYSTEM.ref)
            files = readers.lay(papers, into)
        put_out(court, readers.user(name))
        click.echo(_as_reader(court.settings, files))


@reader.command("remove")
@home_option
@click.argument("name")
def reader_remove(home: Path, name: str) -> None:
    """Let the program NAME read nothing any more; its connection ends at once."""
    from central.cli.plain import plainly
    from central.cli.works import courtroom
    from central.fleet import readers
    from central.people.service import SYSTEM
    from central.running import put_out

    with plainly(), courtroom(home) as court:
        with court.store.write() as session:
            readers.remove(session, court.authority, name, actor=SYSTEM.ref)
        put_out(court, readers.user(name))
    click.echo(f"{name} reads nothing any more")


program.add_command(software)
program.add_command(files)


@program.group()
def keys() -> None:
    """Central's own keys."""


@keys.command("rotate")
@home_option
def keys_rotate(home: Path) -> None:
    """Sign with another key from central's next start on; gateways learn it by the court's root."""
    from central import pki
    from central.cli.plain import plainly
    from central.clock import utc_now
    from devices.grants import thumbprint

    with plainly():
        authority = pki.rotate_signing(pki.load(_settings(home).home / "pki"), utc_now())
    click.echo(f"{thumbprint(authority.signing_key.public_key())} signs from central's next start on; restart it now")


@program.command("import")
@home_option
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=EXISTING)
@click.option("--apply", is_flag=True, help="Do it; without, only show what would change and what is wrong.")
def import_(home: Path, kind: str, file: Path, apply: bool) -> None:
    """Take rows of a CSV file over into the court, all of them or none."""
    from central.cli.intake import take_in
    from central.cli.plain import plainly
    from central.cli.works import courtroom

    with plainly(), courtroom(home) as court:
        for line in take_in(court, kind, file, do=apply):
            click.echo(line)


@program.command()
@home_option
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="One day of the court's calendar.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="Last day.")
@click.option("--hearing", metavar="REF", help="A sealed hearing (h-...) with its sound and words, instead of days.")
@click.argument("file", type=FILE)
def export(
    home: Path, day: datetime | None, first: datetime | None, last: datetime | None, hearing: str | None, file: Path
) -> None:
    """Write what the ledger holds of some days, or one hearing, with its proof into FILE."""
    from central.cli.exporting import export_days, export_hearing
    from central.cli.plain import plainly
    from central.cli.works import courtroom

    with plainly(), courtroom(home) as court:
        if hearing is None:
            lines = export_days(court, day, first, last, file)
        elif day or first or last:
            raise click.UsageError("give --hearing, or days")
        else:
            lines = export_hearing(court, hearing, file)
        fingerprint = court.authority.root_fingerprint
    click.echo(f"{lines} lines in {file}")
    click.echo(f"courtside-central verify {file} --root {fingerprint}")


@program.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option("--root", help="Fingerprint of the court's root, known from elsewhere.")
def verify(file: Path, root: str | None) -> None:
    """Prove an export (FILE, or the folder it was unpacked into), on any machine: whole, unchanged, and whose word."""
    from central.cli.proving import verdict

    words, holds = verdict(file, root)
    click.echo(words)
    if not holds:
        raise SystemExit(1)


@program.command()
@home_option
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--as", "login", prompt="Login of whoever brings them in", help="In whose name files are brought in.")
@click.option("--once", is_flag=True, help="Take in what lies there and end.")
def watch(home: Path, folder: Path, login: str, once: bool) -> None:
    """Bring files into dossiers that are laid into FOLDER, in folders named by case number or volume barcode."""
    from central.cli.plain import plainly
    from central.cli.watching import watching
    from central.cli.works import courtroom

    with plainly(), courtroom(home) as court:
        for line in watching(court, folder, login, once=once):
            click.echo(line)


@program.command()
@home_option
@click.argument("file", type=FILE)
def backup(home: Path, file: Path) -> None:
    """Put database, keys, settings and blobs into FILE while central runs. Whoever has FILE has the court's keys."""
    from central.cli.keeping import back_up
    from central.cli.plain import plainly

    with plainly():
        click.echo(back_up(home, file))


@program.command()
@home_option
@click.argument("file", type=EXISTING)
def restore(home: Path, file: Path) -> None:
    """Make the court of a backup again in an empty home; gateways then send again what came after it."""
    from central.cli.keeping import bring_back
    from central.cli.plain import plainly

    with plainly():
        click.echo(bring_back(file, home))


@program.command()
@home_option
def doctor(home: Path) -> None:
    """Say what is wrong with this installation and what to do about it."""
    from central.cli.doctor import examine

    findings = examine(home)
    for finding in findings:
        click.echo(f"{finding.sort:5} {finding.about}: {finding.words}")
    if any(finding.sort == "bad" for finding in findings):
        raise SystemExit(1)


@program.command()
@click.option("--home", type=FOLDER, help="Where the demo lives.")
@click.option("--once", is_flag=True, help="Drive the main job once without a person; exit 0 only if all of it held.")
def demo(home: Path | None, once: bool) -> None:
    """A small court on emulated hardware."""
    from central.cli.plain import plainly
    from central.demo.show import show

    with plainly():
        raise SystemExit(show(home, once=once))


def _as_reader(told: "Settings", files: list[Path]) -> str:
    """The command by which Mosquitto's own client shows what a reader sees."""
    ca, certificate, key = files
    tls = f"--cafile {ca} --cert {certificate} --key {key}"
    return f"mosquitto_sub -V 5 -h {told.broker.host} -p {told.broker.port} {tls} -v -t 'homie/5/#'"


def _settings(home: Path) -> "Settings":
    from central.settings import load

    return load(home)


def _told(  # noqa: PLR0913
    home: Path, court: str, title: str, hosts: tuple[str, ...], listen: str, port: int, broker_port: int, tls: bool,
    database: str,
) -> "Settings":  # fmt: skip
    from pydantic import ValidationError

    from central.settings import BadSettings, Settings, wrong

    name = hosts[0] if hosts else listen
    url = "" if name == listen else f"{'https' if tls else 'http'}://{name}:{port}"
    try:
        return Settings.model_validate(
            {
                "court": court,
                "home": home.absolute(),
                "title": title,
                "database": database,
                "http": {"host": listen, "port": port, "public_url": url, "tls": tls},
                "broker": {"host": name, "port": broker_port},
            }
        )
    except ValidationError as error:
        raise BadSettings(wrong(error)) from error
