"""Who may do what: a table from role to actions, and the one function that reads it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from central.web.refused import Refused, Said

ROLE_NAMES: Mapping[str, str] = {
    "clerk": "书记员",
    "judge": "法官",
    "archivist": "档案员",
    "it": "信息技术",
    "admin": "管理员",
}
"""Every role and what it is called."""

ACTION_NAMES: Mapping[str, str] = {
    "case.read": "查看案件",
    "case.write": "登记案件",
    "case.step": "推进案件流程",
    "dossier.read": "查阅电子卷宗",
    "dossier.side": "查阅副卷",
    "dossier.write": "收录与编目",
    "hearing.read": "查看庭审",
    "hearing.write": "安排庭审",
    "hearing.record": "操作庭审录音",
    "hearing.note": "签署录音说明",
    "hearing.listen": "听庭审录音、看笔录",
    "hearing.correct": "更正笔录",
    "hearing.keep": "管理庭审录音的保管",
    "volume.label": "贴卷宗条码",
    "volume.deposit": "存卷",
    "volume.reserve": "预约取卷",
    "volume.hand_out": "交付卷宗",
    "volume.archive": "装订归档",
    "volume.confirm": "核对柜内卷宗",
    "permit.issue": "签发取卷凭证",
    "cabinet.read": "查看卷宗柜",
    "cabinet.write": "管理卷宗柜",
    "fleet.read": "查看设备",
    "fleet.write": "管理设备",
    "device.send": "向设备发送通知和标签",
    "audit.read": "查看与导出记录",
    "people.write": "管理人员",
    "rules.write": "修改规则",
    "import": "导入数据",
}
"""Every action and what it is called."""

_READS = frozenset({"case.read", "cabinet.read", "fleet.read", "hearing.read"})
_MOVES = frozenset({"volume.deposit", "volume.reserve", "volume.hand_out", "permit.issue"})

_PAPERLESS = frozenset({"dossier.read", "dossier.side", "hearing.listen"})

ROLES: Mapping[str, frozenset[str]] = {
    "clerk": _READS
    | _MOVES
    | _PAPERLESS
    | {
        "case.write",
        "case.step",
        "volume.label",
        "device.send",
        "dossier.write",
        "hearing.write",
        "hearing.record",
        "hearing.correct",
    },
    "judge": _READS
    | _MOVES
    | _PAPERLESS
    | {"case.step", "hearing.record", "hearing.note", "hearing.correct", "hearing.keep"},
    "archivist": _READS
    | _MOVES
    | _PAPERLESS
    | {
        "dossier.write",
        "case.write",
        "volume.label",
        "device.send",
        "hearing.keep",
        "volume.archive",
        "volume.confirm",
        "cabinet.write",
        "audit.read",
        "import",
    },
    "it": frozenset({"cabinet.read", "fleet.read", "fleet.write", "device.send", "cabinet.write", "audit.read"}),
    "admin": frozenset({"cabinet.read", "fleet.read", "people.write", "rules.write", "import", "audit.read"}),
}
"""Role -> actions. Whoever manages people or machines does not by that move dossiers."""

COURT_STAFF = frozenset({"clerk", "judge", "archivist"})
"""Roles that may hold a secret side volume (副卷)."""


@dataclass(frozen=True)
class Actor:
    """Who acts now: a person, with the roles that count in this request (a token may carry fewer)."""

    id: int
    name: str
    roles: frozenset[str]
    language: str = "zh"

    @property
    def ref(self) -> str:
        """How lines and wishes name this person: never by name."""
        return person_ref(self.id)


def person_ref(person: int) -> str:
    """The reference of a person in lines and wishes."""
    return f"person:{person}"


def may(person: Actor, action: str) -> bool:
    """True if one of the person's roles has that action."""
    return any(action in ROLES.get(role, frozenset()) for role in person.roles)


def must(person: Actor, action: str) -> None:
    """Raises Refused (403) unless the person may do that."""
    if not may(person, action):
        raise Refused("您没有“{action}”的权限。", code="not_allowed", status=403, action=Said(ACTION_NAMES[action]))


def checked_roles(roles: Collection[str]) -> list[str]:
    """The roles sorted and without doubles; raises Refused for an unknown one or none at all."""
    unknown = sorted(set(roles) - set(ROLES))
    if unknown:
        known = "、".join(ROLES)
        raise Refused(
            "没有“{role}”这个角色，可用：{roles}。", code="bad_role", status=422, role=unknown[0], roles=known
        )
    if not roles:
        raise Refused("至少要有一个角色。", code="bad_role", status=422)
    return sorted(set(roles))
