"""Every module that declares tables, imported so that the metadata is whole."""

import central.alarms
import central.cases.tables
import central.custody.tables
import central.dossiers.grams
import central.dossiers.tables
import central.fleet.alarm_tables
import central.fleet.figures
import central.fleet.tables
import central.fleet.views
import central.hearings.keeping
import central.hearings.minutes_tables
import central.hearings.spoken
import central.hearings.tables
import central.ledger.lease
import central.ledger.tables
import central.people.tables
import central.rules.tables
import central.wishes.tables
from central.store import Base

METADATA = Base.metadata
"""All tables of central."""

__all__ = ["METADATA", "central"]
