"""Proposals for made-up documents the rules have not seen, and search over a hundred thousand pages."""

import random
import statistics
import tempfile
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert

from central import migrations
from central.cases import service as cases
from central.clock import utc_now
from central.dossiers import service
from central.dossiers.grams import PAGES
from central.dossiers.proposing import propose
from central.dossiers.tables import Document, Dossier, Intake, Page
from central.ledger.own import Pen, take_pen
from central.people.service import SYSTEM
from central.store import Store
from tests.bench.figures import Figure, below, least, told
from tests.bench.unseen import documents

DOCUMENTS, RIGHT = 200, 90.0
P95_MS = 200.0
_QUERIES = (
    *("自愿离婚", "健康权纠纷", "举证", "转账支出", "驳回", "第七法庭", "欧志远", "海事仲裁", "本院认为"),
    *("宏图建材有限公司", "吴兴区人民法院", "织里镇富民路", "缺席审理", "第99999页"),
)
_CHUNK = 2000


def measure(pages: int = 100_000) -> list[Figure]:
    """Proposals, then a store of its own."""
    right = sum(propose(text).item == item for item, text in documents(DOCUMENTS))
    share = 100 * right / DOCUMENTS
    figures = [least(f"catalogue proposals right, {DOCUMENTS} synthetic documents", share, "%", RIGHT, 1)]
    with tempfile.TemporaryDirectory(prefix="courtside-bench-") as folder:
        store = Store(f"sqlite:///{folder}/central.db")
        migrations.upgrade(store)
        take_pen(store, Pen("huishan", Ed25519PrivateKey.generate(), utc_now))
        _fill(store, pages)
        times = sorted(_asked(store, words) for words in _QUERIES * 10)
        store.close()
    p95 = times[round(len(times) * 0.95) - 1]
    return [
        *figures,
        below(f"search over {pages:,} pages, p95", p95 * 1000, "ms", P95_MS),
        told("  median", statistics.median(times) * 1000, "ms"),
    ]


def _fill(store: Store, pages: int) -> None:
    """Pages of made-up documents, each with some words of its own."""
    now, dice = utc_now(), random.Random(7)
    with store.write() as session:
        case = cases.register_case(session, SYSTEM, "（2026）苏0206民初1号", "买卖合同纠纷", [], now)
        session.add(Dossier(case_id=case.id, changed_at=now))
        intake = Intake(
            case_id=case.id, name="卷", kind="pdf", sha256="0" * 64, size=1, state="DONE", by="person:1", brought_at=now
        )
        document = Document(case_id=case.id, item=3)
        session.add_all([intake, document])
        session.flush()
        ids = case.id, intake.id, document.id
    texts = [text for _, text in documents(3000)]
    for first in range(0, pages, _CHUNK):
        with store.write() as session:
            numbers = range(first + 1, min(first + _CHUNK, pages) + 1)
            rows = [{"id": n, "case_id": ids[0], "intake_id": ids[1], "number": n, "state": "READ",
                     "document_id": ids[2], "codes": [], "text": f"{dice.choice(texts)}\n{dice.choice(texts)}\n第{n}页"}
                    for n in numbers]  # fmt: skip
            session.execute(insert(Page), rows)
            for row in rows:
                PAGES.index(session, row["id"], row["text"])


def _asked(store: Store, words: str) -> float:
    begun = time.perf_counter()
    with store.read() as session:
        service.search(session, SYSTEM, words)
    return time.perf_counter() - begun
