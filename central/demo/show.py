"""`demo`: put the stage up, say where to look, and either leave it to people or drive the main job once."""

import signal
import time
from pathlib import Path
from types import FrameType

import click

from central.app import open_court
from central.demo.acts import live_in
from central.demo.children import ChildFailed
from central.demo.court import PASSWORD, PEOPLE, put_on_the_map
from central.demo.eyes import StepFailed
from central.demo.scan import laid_out
from central.demo.sitting import LASTS, Sitting, sit
from central.demo.stage import CannotStage, Stage, home, stage
from central.demo.steps import STEPS

_LOOK_S = 0.5


class _Stopped(BaseException):
    """Ctrl-C, SIGTERM, or the terminal is gone."""


def show(wanted: Path | None, *, once: bool) -> int:
    """Run the demo until it is stopped, or once through; gives the exit code. Everything started is ended."""
    for sort in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sort, _stop)
    folder = (wanted or Path("build", "demo-once" if once else "demo")).absolute()
    try:
        with home(folder) as place:
            click.echo(f"a court is made in {place}")
            with stage(place, liked_ports=not once) as court:
                return drive(court) if once else wait(court)
    except (ChildFailed, CannotStage, StepFailed) as failed:
        click.echo(str(failed), err=True)
        return 1
    except _Stopped:
        click.echo("stopped")
        return 130 if once else 0


def drive(court: Stage) -> int:
    """Each step in turn, a line each; 0 only if all held."""
    failed = 0
    for name, step in STEPS.items():
        try:
            click.echo(f"ok {name}: {step(court)}")
        except (StepFailed, ChildFailed) as failure:
            failed += 1
            click.echo(f"FAILED {name}: {' '.join(str(failure).split())}")
    return 1 if failed else 0


def wait(court: Stage) -> int:
    """Say where to look, then watch over the programs. Raises ChildFailed when one ends by itself, StepFailed."""
    click.echo("the robot puts some dossiers away, so that there is something to see")
    live_in(court)
    click.echo("a courtroom is opened, and people speak in it")
    sitting = _sit(court)
    click.echo("a scanning desk is set up, with paper in it")
    desk = _desk(court)
    opened = open_court(court.settings)
    put_on_the_map(opened)
    opened.store.close()
    logins = ", ".join([*PEOPLE, "admin"])
    click.echo(f"""
  the court's pages     {court.url}
                        sign in as {logins}; the password is {PASSWORD}
  the emulated devices  {court.emulators}
                        scan a barcode, push a door, pull a cable
  the locker's display  {court.screen}
  a hearing             {_of(sitting)}
  the scanning desk     {desk}
  logs                  {court.settings.home / "logs"}

  Sign in as clerk, choose a dossier, deposit it: scan its barcode at reader-a, then shut the door of wall-a.
  Ctrl-C stops everything.
""")
    while True:
        time.sleep(_LOOK_S)
        court.children.check()
        if sitting is not None:
            sitting.go_on()


def _sit(court: Stage) -> Sitting | None:
    """A hearing in progress; without one the rest can still be looked at."""
    try:
        return sit(court)
    except StepFailed as failed:
        click.echo(f"there is no hearing: {failed}", err=True)
        return None


def _desk(court: Stage) -> str:
    try:
        told = laid_out(court)
    except (StepFailed, ChildFailed) as failed:
        click.echo(f"there is no scanning desk: {failed}", err=True)
        return "none here, for the reason given above"
    return f"{court.url}/scan\n                        {told}"


def _of(sitting: Sitting | None) -> str:
    if sitting is None:
        return "none here, for the reason given above"
    return f"""{sitting.url}
                        live by seat for {LASTS.seconds // 60} minutes, then it closes and is sealed by itself
                        what was said, minute by minute, to be played word by word: {sitting.url}/transcript
  the room's display    {sitting.screen}
  its microphones       {sitting.devices.url}"""


def _stop(_sort: int, _frame: FrameType | None) -> None:
    for sort in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sort, signal.SIG_IGN)  # putting away is not to be interrupted
    raise _Stopped
