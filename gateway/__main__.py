"""`courtside-gateway`: run a gateway, check its file, enrol it, look into its journal."""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import drivers
from devices import log_form
from devices.errors import DeviceError, DeviceOffline
from drivers import places
from gateway.alone import DataTaken, alone
from gateway.catalogue import UnknownDriver, gateway_version, product, working
from gateway.children import child
from gateway.config import GatewayConfig, read
from gateway.config_text import BadConfig
from gateway.identity import EnrolmentRefused, NoIdentity, enrol
from gateway.simulator.told import Emulators, NoEmulators, running
from gateway.uptime import seconds_since_start


def main() -> int:
    """The command line; gives the exit code."""
    args = _parser().parse_args()
    code: int = args.command(args)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="courtside-gateway", description=__doc__)
    parser.add_argument("--version", action="version", version=gateway_version())
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="run the gateway of a file")
    run.add_argument("file", type=Path, metavar="FILE")
    run.add_argument("--simulate", action="store_true", help="emulate every device behind a real port")
    run.add_argument("--emulators", type=Path, metavar="DIR", help="use the emulators that run for DIR")
    run.add_argument("--emulators-port", type=int, default=0, metavar="N", help="port of the emulators' page")
    run.add_argument("--log", choices=("text", "json"), default="text", help="form of the log on standard error")
    run.set_defaults(command=_run)

    check = commands.add_parser("check", help="say what is wrong with files, before they are used")
    check.add_argument("files", type=Path, nargs="+", metavar="FILE")
    check.set_defaults(command=_check)

    _for_whoever_sets_up(commands)

    enrol = commands.add_parser("enrol", help="make this box a gateway of a court")
    enrol.add_argument("url", metavar="URL", help="central's address")
    enrol.add_argument("token", metavar="TOKEN", help="the one-time token central gave")
    enrol.add_argument(
        "--data", type=Path, default=Path("data"), metavar="DIR", help="the gateway's data folder (data)"
    )
    enrol.set_defaults(command=_enrol)

    journal = commands.add_parser("journal", help="show the journal, or verify its chain")
    journal.add_argument("what", choices=("show", "verify"))
    journal.add_argument(
        "--data", type=Path, default=Path("data"), metavar="DIR", help="the gateway's data folder (data)"
    )
    journal.set_defaults(command=_journal)

    model = commands.add_parser("model", help="put a speech model in place")
    model.add_argument("what", choices=("install",))
    model.add_argument("source", metavar="NAME|URL|DIR", help="a published model, an archive, or a folder")
    model.add_argument("--into", type=Path, default=Path("models"), metavar="DIR", help="folder of the models (models)")
    model.add_argument("--sha256", metavar="HASH", help="what the archive, or the folder's files, must have")
    model.set_defaults(command=_model)
    return parser


def _for_whoever_sets_up(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    drivers = commands.add_parser("drivers", help="list the devices that can be connected, or one's settings")
    drivers.add_argument("name", nargs="?", metavar="DRIVER", help="tell the settings of this one")
    drivers.set_defaults(command=_drivers)

    new = commands.add_parser("new-driver", help="write the files of a driver for a device that has none")
    new.add_argument("kind", metavar="KIND", help="kind of device, as `drivers` lists them before the /")
    new.add_argument("name", metavar="NAME", help="name of the driver: a to z, 0 to 9 and _")
    new.add_argument("--into", type=Path, default=Path(), metavar="FOLDER", help="where the files go (here)")
    new.add_argument("--like", metavar="PRODUCT", help="the driver of that kind it begins as (the shortest)")
    new.set_defaults(command=_new_driver)

    commission = commands.add_parser("commission", help="find out beside a device what sources disagree about")
    commission.add_argument("file", type=Path, metavar="FILE", help="the gateway's file; answers are written into it")
    commission.add_argument("device", metavar="DEVICE", help="name of the device in the file")
    commission.add_argument("--emulators", type=Path, metavar="DIR", help="use the emulators that run for DIR")
    commission.add_argument(
        "--patience", type=float, default=120, metavar="S", help="seconds for each thing to do (120)"
    )
    commission.set_defaults(command=_commission)


def _run(args: argparse.Namespace) -> int:
    if args.emulators and not args.simulate:
        return _fail("--emulators goes with --simulate")
    log_form.set_up(args.log)
    try:
        return asyncio.run(_run_gateway(args))
    except (BadConfig, NoIdentity, DataTaken, NoEmulators, DeviceOffline) as error:
        return _fail(str(error))


async def _run_gateway(args: argparse.Namespace) -> int:
    config = read(args.file)
    with alone(config.top.data):
        return await _run_alone(args, config)


async def _run_alone(args: argparse.Namespace, config: GatewayConfig) -> int:
    from gateway.app import run  # not at the head: the other commands do without MQTT

    def ready(emulators: Emulators | None) -> None:
        told = {"event": "ready", "seconds": round(seconds_since_start(), 3), "gateway": config.top.gateway}
        if emulators:
            told["emulators"] = emulators.page
        print(json.dumps(told), flush=True)

    if not args.simulate:
        return await run(config, emulated=None, ready=lambda: ready(None))
    async with _emulators(args, config.top.data) as emulators:
        return await run(config, emulated=emulators.ports, ready=lambda: ready(emulators))


@asynccontextmanager
async def _emulators(args: argparse.Namespace, data: Path) -> AsyncIterator[Emulators]:
    if args.emulators:
        yield running(args.emulators)
        return
    folder = data / "emulators"
    port = f"--emulators-port={args.emulators_port}"
    async with child("gateway.simulate", str(args.file), str(folder), port) as simulating:
        yield Emulators(**simulating.told)


def _check(args: argparse.Namespace) -> int:
    code = 0
    for file in args.files:
        try:
            read(file)
        except BadConfig as bad:
            code = 1
            print(bad, file=sys.stderr)
        else:
            print(f"{file}: ok")
    return code


def _drivers(args: argparse.Namespace) -> int:
    if args.name:
        return _settings(args.name)
    products, broken = working()
    for found in products:
        driver = found.driver
        tried = "verified" if driver.VERIFIED else "unverified"
        print(f"{found.name:28} {','.join(driver.TRANSPORTS):12} {tried:11} {driver.ABOUT}")
    return _fail("\n".join(broken)) if broken else 0


def _commission(args: argparse.Namespace) -> int:
    from gateway.commission import commission  # not at the head: the other commands do without
    from gateway.dialogue import NoTerminal

    try:
        ports = running(args.emulators).ports if args.emulators else {}
        return asyncio.run(commission(args.file, read(args.file), args.device, ports, args.patience))
    except (BadConfig, NoEmulators, NoTerminal, OSError) as error:
        return _fail(str(error))


def _new_driver(args: argparse.Namespace) -> int:
    from gateway.new_driver import CannotWrite, named  # not at the head: a gateway that runs has no use for it

    try:
        new = named(args.kind, args.name, args.like)
        written = new.write(args.into)
    except CannotWrite as error:
        return _fail(str(error))
    print("\n".join(map(str, written)))
    print(f"It works already, as {new.kind}/{new.like} does. Now make it yours: docs/writing-a-driver.md")
    if (home := args.into.resolve() / "drivers") != Path(drivers.__path__[0]).resolve():
        print(f"Until it is part of Courtside, a gateway finds it by: export {places.VARIABLE}={home}")
    return 0


def _settings(name: str) -> int:
    try:
        driver = product(name).driver
    except UnknownDriver as error:
        return _fail(str(error))
    print(driver.ABOUT)
    for setting, field in driver.Config.model_fields.items():
        default = "required" if field.is_required() else json.dumps(field.default)
        print(f"  {setting:16} {default:10} {field.description or ''}")
    return 0


def _enrol(args: argparse.Namespace) -> int:
    try:
        identity = enrol(args.url, args.token, args.data, gateway_version())
    except (EnrolmentRefused, OSError) as error:
        return _fail(str(error))
    file = args.data / "gateway.yaml"
    if not file.exists():
        data = json.dumps(str(args.data.absolute()), ensure_ascii=False)  # wherever it is run from
        file.write_text(f"gateway: {identity.gateway}\ncourt: {identity.court}\ndata: {data}\n", encoding="utf-8")
    print(f"enrolled as {identity.gateway} of {identity.court}; now: courtside-gateway run {file}")
    return 0


def _journal(args: argparse.Namespace) -> int:
    from gateway.journal_check import show, verify  # not at the head: the other commands do without SQLite

    path = args.data / "journal.db"
    if not path.exists():
        return _fail(f"no journal in {args.data}")
    if args.what == "show":
        for raw in show(path):
            sys.stdout.buffer.write(raw + b"\n")
        return 0
    found = verify(path)
    for line in found.books:
        print(line)
    return _fail(found.broken) if found.broken else 0


def _model(args: argparse.Namespace) -> int:
    from drivers.speech.vosk.install import install  # not at the head: the other commands do without

    def progress(here: int, whole: int) -> None:
        of = f" of {whole >> 20}" if whole else ""
        print(f"\r{here >> 20}{of} MB", end="", file=sys.stderr, flush=True)

    try:
        installed = install(args.source, args.into, progress, args.sha256)
    except (DeviceError, OSError) as error:
        return _fail(str(error))
    print(f"{installed.folder}: SHA-256 {installed.sha256}; {installed.errors:.1%} of the characters heard otherwise")
    return 0


def _fail(text: str) -> int:
    print(text, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
