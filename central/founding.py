"""A new court: its home, its keys, its database, its first person."""

import ipaddress
import socket
from dataclasses import dataclass

from central import pki, settings
from central.app import open_court
from central.clock import Clock
from central.fleet import broker_conf
from central.people.service import SYSTEM, add_person, check_person, person_by_login
from central.settings import Settings


@dataclass(frozen=True)
class First:
    """The first person, who lets in all others."""

    login: str
    name: str
    password: str


class AlreadyFounded(FileExistsError):
    """There is a court in this home already, or what is left of another one; nothing was changed."""


def found(told: Settings, first: First, hosts: list[str], clock: Clock) -> pki.Authority:
    """Make the installation in `told.home`; gives its keys. What an interrupted attempt left is taken up.

    Raises AlreadyFounded, Refused (the first person's login or password), OSError.
    """
    if (told.home / settings.FILE).exists():
        raise AlreadyFounded(f"{told.home} holds a court already; use another --home, or `serve` this one")
    check_person(first.login, first.name, first.password)
    told.home.mkdir(parents=True, exist_ok=True)
    told.home.chmod(0o700)
    authority = _keys(told, hosts, clock)
    court = open_court(told, clock)
    try:
        with court.store.write() as session:
            if person_by_login(session, first.login) is None:
                add_person(session, SYSTEM, first.login, first.name, ["admin", "it"], first.password, clock())
            admitted = broker_conf.admitted(session)
    finally:
        court.store.close()
    broker_conf.write_conf(place_of(told), told.court, admitted, told.broker.centrals)
    settings.save(told)
    return authority


def _keys(told: Settings, hosts: list[str], clock: Clock) -> pki.Authority:
    """The court's keys, those of an interrupted attempt with certificates for the hosts told now."""
    folder = told.home / "pki"
    if not (folder / pki.ROOT_KEY).exists():
        return pki.create(folder, told.court, hosts, clock())
    left = f"{folder} is left from an attempt to found a court"
    try:
        authority = pki.load(folder)
    except pki.NoKeys as error:
        raise AlreadyFounded(f"{left}, and is not whole; empty {told.home} if nothing else is in it") from error
    if authority.court != told.court:
        raise AlreadyFounded(f"{left} called {authority.court}; empty {told.home} if that was a slip, or take another")
    for which in (pki.BROKER, pki.HTTPS):
        authority.certify_server(which, hosts, clock())
    return authority


def place_of(told: Settings) -> broker_conf.BrokerPlace:
    """Where this installation's own broker lives: on the loopback if that is how it is reached, else everywhere."""
    address = told.broker.host if is_loopback(told.broker.host) else ""
    return broker_conf.BrokerPlace(told.home / "broker", told.home / "pki", told.broker.port, address)


def hosts_here(*named: str) -> list[str]:
    """Names and addresses for the certificates of this machine's servers, `named` first."""
    here = ["localhost", "127.0.0.1", socket.gethostname()]
    return list(dict.fromkeys(name for name in [*named, *here] if name and name not in ("0.0.0.0", "::")))  # noqa: S104


def is_loopback(host: str) -> bool:
    """True if only this machine reaches that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
