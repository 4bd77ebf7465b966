"""One word and one tone for each state, the same on every page; the tone brings colour and shape together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Tone = Literal["working", "waiting", "person", "broken", "away", "secret"]
"""Working green, waiting blue, needs a person amber, broken red, away grey, secret violet."""


@dataclass(frozen=True)
class State:
    """What a state is called (message id) and how it looks."""

    word: str
    tone: Tone


STATES: Mapping[str, State] = {
    "volume:REGISTERED": State("已登记", "away"),
    "volume:LABELLED": State("已贴码", "waiting"),
    "volume:STORED": State("在柜", "working"),
    "volume:RESERVED": State("已预约", "waiting"),
    "volume:OUT": State("已取出", "person"),
    "volume:RETURNED": State("已交回", "waiting"),
    "volume:BOUND": State("已装订", "working"),
    "volume:ARCHIVED": State("已归档", "working"),
    "volume:OVERDUE": State("逾期未还", "broken"),
    "volume:MISPLACED": State("位置不符", "broken"),
    "volume:TAMPER": State("柜门异常开启", "broken"),
    "volume:secret": State("副卷", "secret"),
    "door:open": State("门开着", "person"),
    "door:shut": State("门已关", "working"),
    "door:unknown": State("门况不明", "away"),
    "cell:free": State("空闲", "working"),
    "cell:occupied": State("有卷", "waiting"),
    "cell:reserved": State("等待存入", "waiting"),
    "cell:blocked": State("停用", "away"),
    "value:online": State("就绪", "working"),
    "value:offline": State("脱机", "broken"),
    "value:cover_open": State("上盖开着", "person"),
    "value:error": State("有故障", "broken"),
    "value:ok": State("有纸", "working"),
    "value:near_end": State("纸将用完", "person"),
    "value:out": State("缺纸", "broken"),
    "value:unknown": State("不明", "away"),
    "presence:back": State("在线", "working"),
    "presence:gone": State("失联", "broken"),
    "presence:unknown": State("未知", "away"),
    "gateway:ready": State("在线", "working"),
    "gateway:init": State("启动中", "waiting"),
    "gateway:sleeping": State("休眠", "away"),
    "gateway:disconnected": State("已关机", "away"),
    "gateway:lost": State("失联", "broken"),
    "gateway:never": State("尚未接入", "away"),
    "gateway:revoked": State("已吊销", "away"),
    "gateway:suspended": State("已停用", "broken"),
    "book:open": State("正在续写", "working"),
    "book:closed": State("已换新册", "away"),
    "book:fork": State("两份记录矛盾", "broken"),
    "driver:verified": State("已真机验证", "working"),
    "driver:unverified": State("未真机验证", "person"),
    "wish:asked": State("已请求", "waiting"),
    "wish:sent": State("已发出", "waiting"),
    "wish:taken": State("设备已接收", "waiting"),
    "wish:answered": State("已完成", "working"),
    "wish:refused": State("被拒绝", "broken"),
    "wish:expired": State("无人应答", "broken"),
    "wish:interrupted": State("中途断电或重启", "person"),
    "permit:LIVE": State("有效", "waiting"),
    "permit:USED": State("已使用", "working"),
    "permit:REVOKED": State("已撤销", "away"),
    "permit:EXPIRED": State("已过期", "away"),
    "case:RECEIVED": State("收案", "person"),
    "case:FILED": State("立案", "waiting"),
    "case:ASSIGNED": State("分案", "waiting"),
    "case:SERVED": State("送达", "waiting"),
    "case:TRIAL": State("审理", "waiting"),
    "case:DELIBERATION": State("合议", "waiting"),
    "case:JUDGED": State("裁判", "waiting"),
    "case:PRONOUNCED": State("宣判送达", "waiting"),
    "case:CLOSED": State("结案", "working"),
    "case:APPEALED": State("上诉移送", "waiting"),
    "case:ENFORCEMENT": State("执行", "waiting"),
    "case:ARCHIVED": State("归档", "away"),
    "move:SCAN": State("等待扫码", "person"),
    "move:CMD": State("正在请求开门", "waiting"),
    "move:ACKED": State("柜机已接收", "waiting"),
    "move:OPENED": State("柜门已开", "person"),
    "move:LEFT_OPEN": State("柜门未关好", "broken"),
    "move:COMMITTED": State("已完成", "working"),
    "move:CLOSED": State("柜门已关，记录待核", "broken"),
    "move:OPEN_NOT_DETECTED": State("未检测到开门", "broken"),
    "move:STALE_REFUSED": State("请求过期被拒", "broken"),
    "move:REFUSED": State("被拒绝", "broken"),
    "move:INTERRUPTED": State("中途断电或重启", "person"),
    "move:UNANSWERED": State("柜机无应答", "broken"),
    "move:CANCELLED": State("已取消", "away"),
    "move:OVERTAKEN": State("已被其他办理取代", "away"),
    "person:active": State("在用", "working"),
    "person:disabled": State("已停用", "away"),
}
"""State (`kind:state`) -> its word and tone."""
