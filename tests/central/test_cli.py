"""The command line of central, as whoever runs a court meets it."""

import os
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509

from central.cli.program import program
from central.cli.works import courtroom
from central.people.service import SYSTEM, issue_token, person_by_login

PEOPLE = "登录名,姓名,角色\nclerk,王书记,clerk\njudge,李法官,judge\n"
CASES = "案号,案由,当事人\n(2026)苏0206民初1号,民间借贷纠纷,原告:周某;被告:吴某\n"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(program, [str(argument) for argument in arguments])


def ok(*arguments: str | Path) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: str | Path) -> str:
    result = run(*arguments)
    assert result.exit_code == 1, result.output
    return result.output


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A court just founded."""
    home = tmp_path_factory.mktemp("founded") / "home"
    first = ("--login", "admin", "--name", "周主任", "--password", "long enough")
    ok("init", "--home", home, "--court", "huishan", *first, "--port", "1", "--broker-port", "2")
    return home


def fingerprint(home: Path) -> str:
    words = ok("export", "--home", home, "--day", "2026-01-01", home / "none.zip").split()
    return words[words.index("--root") + 1]


def test_a_court_is_founded_once(founded: Path) -> None:
    first = ("--login", "admin", "--name", "x", "--password", "long enough")
    assert "holds a court already" in refused("init", "--home", founded, "--court", "huishan", *first)


def test_keys_and_home_are_for_their_owner_alone(founded: Path) -> None:
    assert founded.stat().st_mode & 0o077 == 0
    assert all(key.stat().st_mode & 0o077 == 0 for key in (founded / "pki").glob("*.key"))


def test_a_court_whose_name_cannot_be_a_topic_is_not_founded(tmp_path: Path) -> None:
    first = ("--login", "admin", "--name", "x", "--password", "long enough")
    assert "court" in refused("init", "--home", tmp_path / "home", "--court", "惠山", *first)
    assert not (tmp_path / "home").exists()


def init(home: Path, court: str, password: str, *more: str) -> Result:
    first = ("--login", "admin", "--name", "x", "--password", password)
    return run("init", "--home", home, "--court", court, *first, "--port", "1", "--broker-port", "2", *more)


def test_a_first_person_who_cannot_be_leaves_no_keys_behind(tmp_path: Path) -> None:
    assert "8" in init(tmp_path / "home", "huishan", "short").output
    assert not (tmp_path / "home").exists()


def test_a_database_that_cannot_be_is_said_in_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    told = init(tmp_path / "home", "huishan", "long enough", "--database", "mysql://court@db/court")
    assert told.exit_code == 1
    assert "database: no database Courtside knows; write one like postgresql://" in told.output
    assert not (tmp_path / "home").exists()


def test_an_interrupted_founding_goes_on_under_the_names_told_now_and_for_that_court_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    away = ("--database", "postgresql://court@127.0.0.1:1/court")
    assert "database does not answer" in init(home, "huishan", "long enough", *away, "--host", "wrong.example").output
    root = (home / "pki" / "root.pem").read_bytes()
    other = init(home, "binhu", "long enough")
    assert other.exit_code == 1
    assert "an attempt to found a court called huishan" in other.output
    assert init(home, "huishan", "long enough", "--host", "right.example").exit_code == 0
    assert (home / "pki" / "root.pem").read_bytes() == root
    names = x509.load_pem_x509_certificate((home / "pki" / "https.pem").read_bytes()).extensions
    dns = names.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    assert "right.example" in dns
    assert "wrong.example" not in dns


def test_an_attempt_cut_off_among_the_keys_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "home" / "pki").mkdir(parents=True)
    (tmp_path / "home" / "pki" / "root.key").write_bytes(b"")
    told = init(tmp_path / "home", "huishan", "long enough")
    assert told.exit_code == 1
    assert "left from an attempt to found a court, and is not whole" in told.output


def test_a_database_of_a_later_version_is_left_alone_and_named(founded: Path, tmp_path: Path) -> None:
    home = tmp_path / "later"
    ok("backup", "--home", founded, tmp_path / "b.tgz")
    ok("restore", "--home", home, tmp_path / "b.tgz")
    with closing(sqlite3.connect(home / "central.db")) as db, db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    for command in (("doctor",), ("user", "reset", "admin", "--password", "long enough")):
        assert "of a later version of Courtside" in refused(*command, "--home", home)


def test_a_database_that_is_none_is_said_in_a_sentence(founded: Path, tmp_path: Path) -> None:
    home = tmp_path / "broken"
    ok("backup", "--home", founded, tmp_path / "b.tgz")
    ok("restore", "--home", home, tmp_path / "b.tgz")
    (home / "central.db").write_bytes(b"no database" * 1000)
    told = refused("user", "reset", "admin", "--password", "long enough", "--home", home)
    assert "file is not a database" in told


@pytest.mark.parametrize("group", ["central", "gateway"])
def test_each_program_tells_its_version(group: str) -> None:
    told = subprocess.run([sys.executable, "-m", group, "--version"], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == version("courtside")


def test_a_backup_that_cannot_be_written_leaves_nothing_and_a_device_is_no_file(founded: Path, tmp_path: Path) -> None:
    assert "no backup was made" in refused("backup", "--home", founded, tmp_path / "none" / "b.tgz")
    os.mkfifo(tmp_path / "pipe")
    assert "is no file" in refused("backup", "--home", founded, tmp_path / "pipe")
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_a_command_without_a_court_says_what_to_do(tmp_path: Path) -> None:
    assert "run `courtside-central init` first" in refused("user", "add", "x", "--home", tmp_path, "--name", "x",
                                                           "--role", "clerk", "--password", "long enough")  # fmt: skip


def test_a_person_is_let_in_once_and_gets_a_new_password(founded: Path) -> None:
    person = ("user", "add", "wang", "--home", founded, "--name", "王", "--role", "clerk", "--password", "long enough")
    assert "wang may sign in as clerk" in ok(*person)
    assert "wang" in refused(*person)
    with courtroom(founded) as court, court.store.write() as session:
        wang = person_by_login(session, "wang")
        assert wang is not None
        issue_token(session, SYSTEM, wang, "filing", "clerk", court.clock())
    for revoked in (1, 0):
        told = ok("user", "reset", "wang", "--home", founded, "--password", "another one")
        assert told == f"wang has a new password; tokens revoked: {revoked}\n"
    assert "nobody signs in as li" in refused("user", "reset", "li", "--home", founded, "--password", "another one")
    assert "nobody signs in as li" in refused("user", "reset", "li", "--home", founded)  # nor asks for a password


def test_refusals_are_said_in_the_terminals_language(founded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reset = ("user", "reset", "admin", "--home", founded, "--password", "short")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "密码至少 8 个字符" in refused(*reset)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert "密码" not in refused(*reset)


def test_a_reader_is_let_in_renewed_and_put_out(founded: Path, tmp_path: Path) -> None:
    into = ("--home", founded, "--into", tmp_path / "desk")
    assert f"--cert {tmp_path / 'desk' / 'desk.pem'}" in ok("reader", "add", "desk", *into)
    first = (tmp_path / "desk" / "desk.pem").read_bytes()
    assert "desk" in refused("reader", "add", "desk", *into)
    assert "mosquitto_sub" in ok("reader", "renew", "desk", *into)
    assert (tmp_path / "desk" / "desk.pem").read_bytes() != first
    assert "reads nothing any more" in ok("reader", "remove", "desk", "--home", founded)
    assert "desk" in refused("reader", "renew", "desk", *into)


def test_an_invitation_is_a_command_to_type_on_the_box(founded: Path) -> None:
    assert "courtside-gateway enrol https://127.0.0.1:1 " in ok("gateway", "invite", "locker-a", "--home", founded)
    for name in ("central", "host"):
        assert f"{name}” is a name of the court's own" in refused("gateway", "invite", name, "--home", founded)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_table_is_shown_before_it_is_taken_in(founded: Path, tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "cases.csv"
    file.write_text(CASES.replace("民初1号", f"民初{len(encoding)}号"), encoding)
    assert "repeat with --apply" in ok("import", "cases", file, "--home", founded)
    assert "1 new" in ok("import", "cases", file, "--home", founded, "--apply")
    assert "1 same" in ok("import", "cases", file, "--home", founded)


def test_a_table_with_a_mistake_changes_nothing_and_names_the_line(founded: Path, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE + "zhao,赵,astronaut\n", "utf-8")
    assert "line 4" in refused("import", "people", file, "--home", founded, "--apply")
    file.write_text(PEOPLE, "utf-8")
    assert "2 new" in ok("import", "people", file, "--home", founded, "--apply")


def test_an_export_is_proven_by_its_root_and_a_change_is_found(founded: Path, tmp_path: Path) -> None:
    whole, spoilt = tmp_path / "all.zip", tmp_path / "spoilt.zip"
    root = fingerprint(founded)
    ok("export", "--home", founded, "--from", "2020-01-01", whole)
    assert ok("verify", whole, "--root", root).startswith("OK\n")
    assert "signer unknown" in ok("verify", whole)
    assert "signer unknown" in refused("verify", whole, "--root", "0" * 64)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(spoilt, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b'"mono_ms":', b'"mono_ms": ', 1))
    assert "altered" in refused("verify", spoilt, "--root", root)


def test_an_export_that_cannot_be_written_names_the_place_and_no_code(founded: Path, tmp_path: Path) -> None:
    told = refused("export", "--home", founded, "--day", "2026-03-02", tmp_path / "none" / "day.zip")
    assert "none/day.zip.part: No such file or directory" in told and "Errno" not in told


@pytest.mark.parametrize("days", [(), ("--day", "2026-01-02", "--from", "2026-01-01"), ("--to", "2026-01-01")])
def test_an_export_needs_its_days(founded: Path, tmp_path: Path, days: tuple[str, ...]) -> None:
    result = run("export", "--home", founded, *days, tmp_path / "x.zip")
    assert result.exit_code == 2
    assert not (tmp_path / "x.zip").exists()


def test_a_backup_makes_the_same_court_again_only_where_nothing_is(founded: Path, tmp_path: Path) -> None:
    file, home = tmp_path / "court.tgz", tmp_path / "again"
    assert "private keys" in ok("backup", "--home", founded, file)
    assert file.stat().st_mode & 0o077 == 0
    ok("restore", "--home", home, file)
    assert fingerprint(home) == fingerprint(founded)
    assert "not empty" in refused("restore", "--home", home, file)
    file.write_bytes(file.read_bytes()[:-200])
    assert refused("restore", "--home", tmp_path / "third", file)


def test_the_doctor_says_what_is_wrong_and_what_to_do(founded: Path) -> None:
    told = refused("doctor", "--home", founded)
    assert "ok    database" in told
    assert "ok    keys" in told
    assert "bad   broker" in told
    assert "serve --with-broker" in told


def test_the_doctor_names_a_cabinet_whose_gateway_never_joined(founded: Path, tmp_path: Path) -> None:
    file = tmp_path / "cabinets.csv"
    file.write_text("柜名,网关\nA,locker-z\n")
    ok("import", "--home", founded, "--apply", "cabinets", file)
    assert "cabinet A hangs on locker-z" in refused("doctor", "--home", founded)


def test_the_doctor_sees_keys_that_others_may_read_and_a_missing_court(founded: Path, tmp_path: Path) -> None:
    (founded / "pki").chmod(0o755)
    assert "chmod 700" in refused("doctor", "--home", founded)
    (founded / "pki").chmod(0o700)
    assert refused("doctor", "--home", tmp_path).startswith("bad   settings")
