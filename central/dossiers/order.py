"""The order in which a dossier is bound, as data with its source; a court that binds otherwise edits this table.

人民法院诉讼文书立卷归档办法 art. 12 (civil, first instance; court.md A5). Which items belong in a side volume is not
in that article: 评议笔录, 审委会 and 案情报告 go there by local lists, each a rule a court may change for what comes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from central.rules.rule import Rule, Term, declare
from central.rules.service import term_of
from central.web.refused import Said


@dataclass(frozen=True)
class Item:
    """One place in the order."""

    number: int
    name: str
    side: Rule | None = None
    """Says whether it is bound in the side volume (副卷), for the court alone; None: it is not."""

    @property
    def said(self) -> Said:
        """Its name, to be told in the reader's language."""
        return Said(self.name)


ORDER = declare(
    "dossier.order", "卷内材料按二十八项的顺序排列。", "人民法院诉讼文书立卷归档办法第十二条（民事一审）", mark="V"
)
"""Whence the order comes, as pages cite it."""


def _side(key: str, text: str) -> Rule:
    return declare(f"dossier.side.{key}", text, "各地正卷、副卷分立的目录", mark="M", term=Term(1, "yes", 0, 1))


ITEMS: tuple[Item, ...] = (
    Item(1, "卷宗封面"),
    Item(2, "卷内目录"),
    Item(3, "起诉书（诉状）或口诉笔录"),
    Item(4, "立案通知与缴费、免费手续"),
    Item(5, "应诉通知书与回执"),
    Item(6, "答辩书"),
    Item(7, "询问笔录"),
    Item(8, "调查笔录与取证材料"),
    Item(9, "调解材料"),
    Item(10, "准备庭笔录"),
    Item(11, "授权委托、鉴定委托与法定代表人身份证明"),
    Item(12, "开庭通知与传票"),
    Item(13, "开庭公告"),
    Item(14, "审判庭笔录"),
    Item(15, "案情报告", _side("report", "案情报告归入副卷。")),
    Item(16, "评议笔录", _side("deliberation", "评议笔录归入副卷。")),
    Item(17, "调解书或撤诉书"),
    Item(18, "审判委员会决议", _side("committee", "审判委员会决议归入副卷。")),
    Item(19, "判决书、裁定书原本与正本"),
    Item(20, "宣判笔录"),
    Item(21, "送达回证"),
    Item(22, "上诉书"),
    Item(23, "退卷函"),
    Item(24, "上级法院裁判文书"),
    Item(25, "证物处理手续"),
    Item(26, "执行手续材料"),
    Item(27, "备考表"),
    Item(28, "卷底"),
)
"""The 28 items, first to last."""

BY_NUMBER: Mapping[int, Item] = {item.number: item for item in ITEMS}
"""Number -> item."""


def sides(session: Session) -> frozenset[int]:
    """The items that this court binds in the side volume."""
    return frozenset(item.number for item in ITEMS if item.side and term_of(session, item.side))


UNPLACED = Said("尚未归类")
"""How a document is called of which nobody knows yet where it belongs."""


def name_of(item: int | None) -> Said:
    """What that item is called; documents without one are told apart."""
    found = BY_NUMBER.get(item or 0)
    return found.said if found else UNPLACED
