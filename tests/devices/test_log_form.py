"""What a program says while it runs, for people and for collectors."""

import json
import subprocess
import sys
from datetime import datetime

from devices.log_form import LogForm

_PROGRAM = """
import logging, sys
from devices import log_form
log_form.set_up(sys.argv[1])
logging.getLogger("central.link").info("connected to %s", "柜")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("gateway").exception("two\\nlines")
"""


def said(form: LogForm) -> list[str]:
    told = [sys.executable, "-c", _PROGRAM, form]
    return subprocess.run(told, check=True, capture_output=True, text=True).stderr.splitlines()


def test_for_collectors_each_record_is_an_object_on_a_line_of_its_own() -> None:
    one, two = map(json.loads, said("json"))
    assert (one["level"], one["from"], one["text"]) == ("info", "central.link", "connected to 柜")
    assert datetime.fromisoformat(one["at"]).tzinfo is not None
    assert two["level"] == "error" and two["text"] == "two\nlines" and "ZeroDivisionError" in two["traceback"]


def test_for_people_it_is_text() -> None:
    assert said("text")[0] == "INFO    central.link: connected to 柜"
