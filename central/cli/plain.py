"""Failures that a person can do something about are said in a sentence; everything else keeps its traceback."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.exc import DatabaseError, OperationalError

from central import migrations
from central.fleet.broker_conf import BrokerFailed
from central.pki import NoKeys
from central.settings import BadSettings
from central.web.refused import Refused, Said
from central.web.words import Words, words_of


class Fault(click.ClickException):
    """The command cannot go on; the text says why and what to do. Ends with code 1."""


@contextmanager
def plainly() -> Iterator[None]:
    """Turn what may go wrong in an installation into a Fault."""
    try:
        yield
    except Refused as refused:
        raise Fault(in_words(refused.said)) from refused
    except (BadSettings, NoKeys, BrokerFailed, migrations.TooNew) as error:
        raise Fault(str(error)) from error
    except DatabaseError as error:
        if type(error) not in (DatabaseError, OperationalError):  # a statement of ours was wrong
            raise
        raise Fault(f"the database does not answer as it should: {error.orig}") from error
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise Fault(f"{where}{error.strerror}" if error.strerror else str(error)) from error


def in_words(said: Said) -> str:
    """A sentence of the services, in the terminal's language."""
    return words_here().tell(said)


def words_here() -> Words:
    """Chinese where the terminal is Chinese, English elsewhere."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return words_of("zh" if locale.startswith("zh") else "en")
