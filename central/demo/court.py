"""A made-up court: people with printed passwords, thirty cases with their volumes, one locker of twelve cells."""

import random
from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy.orm import Session

from central.cases import flow
from central.cases import service as cases
from central.cases.tables import Case
from central.custody.cabinets import set_cabinet, set_cell
from central.fleet import service as fleet
from central.people.service import SYSTEM, add_person
from central.running import Court

COURT = "huishan"
TITLE = "惠山区人民法院（演示）"
PASSWORD = "courtside"  # noqa: S105  (printed at every start; the demo answers on this machine only)
PEOPLE: Mapping[str, tuple[str, str]] = {
    "clerk": ("王书记", "clerk"),
    "judge": ("李法官", "judge"),
    "archivist": ("赵档案", "archivist"),
    "it": ("孙工", "it"),
}
"""Login -> (name, role); `admin` founded the court."""
GATEWAY = "locker-a"
PLACES: Mapping[str, tuple[str, str]] = {
    GATEWAY: ("一楼", "立案大厅"),
    "scanning-a": ("二楼", "扫描室"),
    "courtroom-a": ("三楼", "第一法庭"),
}
"""Gateway -> floor and room."""
CABINET = "A"
FIRST_BARCODE = "HS-0001-1"
"""Of the volume the main job is shown with."""

_CASES = 30
_CAUSES = ("民间借贷纠纷", "买卖合同纠纷", "离婚纠纷", "机动车交通事故责任纠纷", "物业服务合同纠纷", "劳动争议")
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
_CELL_SIZES = "SSSMMMMMMLLL"


def furnish(court: Court) -> None:
    """Let the people in, register the cases, put up the locker; the same court every time."""
    with court.store.write() as session:
        for login, (name, role) in PEOPLE.items():
            add_person(session, SYSTEM, login, name, [role], PASSWORD, court.clock())
        cabinet, _ = set_cabinet(
            session, SYSTEM, CABINET, place="一楼立案大厅", gateway=GATEWAY, reader="reader-a", printer="slip-a"
        )
        for number, size in enumerate(_CELL_SIZES, 1):
            set_cell(session, SYSTEM, cabinet, number, size=size, device="wall-a", door=number)
        dice = random.Random(206)  # noqa: S311  (no secret: the same court every time)
        for serial in range(1, _CASES + 1):
            _register(session, court, serial, dice)


def put_on_the_map(court: Court) -> None:
    """Each gateway that has joined stands on its floor and in its room."""
    with court.store.write() as session:
        for name, (floor, room) in PLACES.items():
            gateway = fleet.find(session, name)
            if gateway is not None:
                fleet.place(session, gateway, floor, room, [], actor=SYSTEM.ref)


def _register(session: Session, court: Court, serial: int, dice: random.Random) -> None:
    now = court.clock()
    year = now.astimezone(court.settings.zone).year
    parties = [("原告", f"{dice.choice(_SURNAMES)}某"), ("被告", f"{dice.choice(_SURNAMES)}某某")]
    case = cases.register_case(
        session, SYSTEM, f"（{year}）苏0206民初{serial}号", dice.choice(_CAUSES), parties, now,
        received_on=_received(now.date(), dice),
    )  # fmt: skip
    for number in range(1, dice.randint(1, 3) + 1):
        is_labelled = serial <= _CASES * 2 // 3
        barcode = f"HS-{serial:04}-{number}" if is_labelled else None
        cases.register_volume(session, SYSTEM, case, now, number=number, size=dice.choice("SSM"), barcode=barcode)
    _advance(session, court, case, dice.randint(0, 5) if serial > 1 else 4)


def _received(today: date, dice: random.Random) -> date:
    return today - timedelta(days=dice.randint(3, 200))


def _advance(session: Session, court: Court, case: Case, steps: int) -> None:
    for _ in range(steps):
        cases.advance(session, SYSTEM, case, flow.steps_from(case.state)[0].to, court.clock())
