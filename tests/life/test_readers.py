"""Others read the fleet with no help from us: Mosquitto's clients, a Homie 5 controller, and Prometheus."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.kit.installation import COURT, Installation, small_court
from tests.kit.mosquitto import free_port
from tests.kit.process import Process, run, until

_CONTROLLER = Path(__file__).parents[1] / "kit" / "strangers" / "homie_controller.py"
_NOT_AUTHORIZED = 135
"""MQTT 5, 3.4.2.1."""


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with small_court(tmp_path_factory.mktemp("court"), "locker-a") as court:
        court.central("reader add", "desk", "--into", court.folder / "desk")
        until("it is there", lambda: court.is_there(court.boxes["locker-a"]))
        yield court


def papers(court: Installation) -> list[Path]:
    """The files a reader was given: root, certificate, key."""
    return [court.folder / "desk" / name for name in ("root.pem", "desk.pem", "desk.key")]


def mosquitto(court: Installation, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """One of Mosquitto's own clients as that reader."""
    ca, certificate, key = map(str, papers(court))
    tls = ["--cafile", ca, "--cert", certificate, "--key", key]
    command = [program, "-V", "5", "-h", "localhost", "-p", str(court.broker_port), *tls, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_mosquitto_sub_shows_how_every_device_stands(court: Installation) -> None:
    said = mosquitto(court, "mosquitto_sub", "-t", "homie/5/+/wall-a/cell-1", "-v", "-C", "1", "-W", "60")
    assert said.stdout.split() == ["homie/5/locker-a/wall-a/cell-1", "shut"]


def test_mosquitto_pub_moves_nothing_and_a_reader_sees_neither_journal_nor_wishes(court: Installation) -> None:
    box = "homie/5/locker-a"
    for topic in (
        "homie/5/locker-a/wall-a/cell-1/set",
        f"courtside/1/{COURT}/locker-a/wish",
        "homie/5/locker-a/$state",
    ):
        said = mosquitto(court, "mosquitto_pub", "-q", "1", "-t", topic, "-m", "open")
        assert "Not authorized" in said.stderr + said.stdout or said.returncode == _NOT_AUTHORIZED
    said = mosquitto(court, "mosquitto_sub", "-t", "courtside/#", "-t", f"{box}/$state", "-v", "-C", "1", "-W", "60")
    assert said.stdout.split() == [f"{box}/$state", "ready"]


def test_a_homie_controller_finds_devices_properties_and_states_and_no_breach(court: Installation) -> None:
    found = until("all devices tell how they stand", lambda: controlled(court))
    assert found["breaches"] == []
    device = found["devices"]["locker-a"]
    assert device["state"] == "ready"
    assert {"gateway", "wall-a", "reader-a", "slip-a"} <= device["nodes"].keys()
    cell = device["nodes"]["wall-a"]["properties"]["cell-1"]
    assert cell["datatype"] == "enum" and not cell.get("settable", False)
    assert found["values"]["locker-a/wall-a/cell-1"] == "shut"
    assert found["values"]["locker-a/wall-a/presence"] in cell_states(device, "wall-a", "presence")


def controlled(court: Installation) -> dict[str, Any]:
    """What the controller finds; empty while a retained property but the count of what was read has no value."""
    port = str(court.broker_port)
    found: dict[str, Any] = json.loads(run(Path(sys.executable), _CONTROLLER, "localhost", port, *papers(court), "60"))
    return found if set(found["silent"]) <= {"locker-a/reader-a/reads"} else {}


def cell_states(device: dict[str, Any], node: str, name: str) -> list[str]:
    """The values an enum may have, as the device describes it."""
    return str(device["nodes"][node]["properties"][name]["format"]).split(",")


@pytest.mark.long
def test_a_reader_that_is_renewed_reads_on_and_one_that_is_removed_reads_nothing_any_more(court: Installation) -> None:
    state = ("-t", "homie/5/locker-a/$state", "-C", "1", "-W", "2")
    court.central("reader renew", "desk", "--into", court.folder / "desk")
    until("it reads", lambda: mosquitto(court, "mosquitto_sub", *state).stdout == "ready\n")
    court.central("reader remove", "desk")
    until("it reads nothing", lambda: mosquitto(court, "mosquitto_sub", *state).stdout == "")


@pytest.mark.long
def test_prometheus_scrapes_central_and_a_gateway_as_it_comes_from_debian(court: Installation) -> None:
    assert shutil.which("prometheus"), "prometheus is not installed; Debian's package of that name is needed here"
    box, own = court.boxes["locker-a"], free_port()
    court.stop(box.gateway)
    box.file.write_text(yaml.safe_dump({**yaml.safe_load(box.file.read_text()), "metrics": f"127.0.0.1:{own}"}))
    court.start(box.gateway)
    ask = prometheus(court, own)
    until("both are up", lambda: ask("up") == {"central": 1.0, "gateway": 1.0})
    until("devices are up", lambda: ask('courtside_device_up{device="wall-a"}') == {"gateway": 1.0})
    until("the fleet is counted", lambda: ask('courtside_gateways{presence="ready"}') == {"central": 1.0})


def prometheus(court: Installation, gateway_port: int) -> Callable[[str], dict[str, float]]:
    """Debian's Prometheus beside the court; gives a function that asks it, with values by job."""
    central = str(court.http.base_url).removeprefix("https://").strip("/")
    jobs: list[dict[str, Any]] = [
        {"job_name": "central", "scheme": "https", "tls_config": {"ca_file": str(court.home / "pki" / "root.pem")}},
        {"job_name": "gateway"},
    ]
    for job, target in zip(jobs, (central, f"127.0.0.1:{gateway_port}"), strict=True):
        job["static_configs"] = [{"targets": [target]}]
    file = court.folder / "prometheus.yml"
    file.write_text(yaml.safe_dump({"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}))
    address = f"127.0.0.1:{free_port()}"
    command: list[str | Path] = ["prometheus", f"--config.file={file}", f"--web.listen-address={address}"]
    command.append(f"--storage.tsdb.path={court.folder / 'prometheus'}")

    def answers() -> bool:
        try:
            return httpx.get(f"http://{address}/-/ready").status_code == 200
        except httpx.HTTPError:
            return False

    def ask(query: str) -> dict[str, float]:
        told = httpx.get(f"http://{address}/api/v1/query", params={"query": query}).raise_for_status().json()
        return {each["metric"]["job"]: float(each["value"][1]) for each in told["data"]["result"]}

    court.processes["prometheus"] = Process("prometheus", command, court.folder / "prometheus.log", answers)
    court.start("prometheus")
    return ask
