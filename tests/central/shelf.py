"""A court's dossiers on the desk of a test: files are brought in, and a worker does what waits."""

import hashlib
from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases.closing import has_a_say
from central.dossiers import catalogue, engines, pieces, service, work
from central.dossiers.closing import ClosingDossiers
from central.dossiers.opened import Opener
from central.dossiers.tables import Intake, Page, Work
from central.people.roles import Actor
from central.people.service import person_by_login
from tests.central.locker import Locker

COMPLAINT = """民事起诉状
原告：张建国，男，汉族，住无锡市惠山区长安街道。
被告：无锡恒远机械有限公司，住所地惠山区洛社镇。
诉讼请求：判令被告支付货款三十八万元。
事实与理由：双方签订买卖合同，被告逾期未付。
具状人：张建国
2026年3月2日"""
JUDGMENT = """民事判决书
原告张建国与被告无锡恒远机械有限公司买卖合同纠纷一案，
本院受理后依法组成合议庭公开开庭审理。本院认为，合同有效。
判决如下：被告于本判决生效之日起十日内支付货款三十八万元。
如不服本判决，可在判决书送达之日起十五日内上诉。
二〇二六年六月八日"""
RECEIPT = """送达回证
受送达人：无锡恒远机械有限公司
送达处所：惠山区洛社镇中兴路
收件人签名：李志强
二〇二六年三月九日"""
DELIBERATION = """合议庭评议笔录
评议人员：审判长王某、审判员李某
评议情况：合议庭成员一致认为被告应当付款。
二〇二六年六月一日"""


class Shelf:
    """The dossier of the locker's first case."""

    def __init__(self, locker: Locker, opener: Opener, engine: engines.Engine = "tesseract") -> None:
        self.locker, self.store = locker, locker.store
        self.bench = pieces.Bench(locker.store, locker.blobs, lambda: locker.now, engine, opener)
        self.case = 1
        has_a_say(locker.store, ClosingDossiers(locker.blobs.put))

    def actor(self, login: str = "clerk") -> Actor:
        """One of the locker's people."""
        with self.store.read() as session:
            person = person_by_login(session, login)
            assert person is not None
            return Actor(person.id, person.name, frozenset(person.roles))

    def bring(self, name: str, data: bytes, *, secret: bool = False, by: str = "clerk") -> int:
        """Bring a file in; gives its number."""
        sha256 = self.locker.blobs.put(data)
        file = service.Brought(name, sha256, len(data))
        with self.store.write() as session:
            return service.bring(session, self.actor(by), self.case, file, self.locker.now, secret=secret).id

    def work(self, name: str = "worker", most: int = 1000) -> int:
        """A worker does what waits; gives how many pieces it did."""
        for done in range(most):
            with self.store.write() as session:
                taken = work.take(session, name, self.locker.now)
            if taken is None:
                return done
            with suppress(work.Lost):
                pieces.do(self.bench, taken)
        return most

    def intake(self, number: int) -> Intake:
        """What was brought in, as it is now."""
        with self.store.read() as session:
            return session.get_one(Intake, number)

    def pages(self) -> list[Page]:
        """Every page of the dossier."""
        with self.store.read() as session:
            return list(session.scalars(select(Page).order_by(Page.intake_id, Page.number)))

    def waiting(self) -> list[tuple[str, int]]:
        """What waits or failed, as (kind, number)."""
        with self.store.read() as session:
            return [(row.kind, row.ref) for row in session.scalars(select(Work).order_by(Work.id))]

    def told(self, by: str = "clerk") -> list[tuple[int | None, str, int]]:
        """The catalogue as somebody sees it: item, title, pages."""
        with self.store.read() as session:
            whole = catalogue.entries(session, self.actor(by), self.case)
            return [(entry.document.item, entry.document.title, len(entry.pages)) for entry in whole]

    def hand(self, session: Session, by: str = "clerk") -> catalogue.Hand:
        """Somebody's hand at the catalogue."""
        return catalogue.hand(session, self.actor(by), self.case, self.locker.now)

    def confirm_all(self) -> None:
        """A clerk confirms every document."""
        with self.store.write() as session:
            hand = self.hand(session)
            for entry in catalogue.entries(session, hand.person, self.case):
                catalogue.confirm(hand, entry.document.id)


def sha(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()
