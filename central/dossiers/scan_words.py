"""What a clerk at a scan desk is told: which sheet to put back, what a page lacks, what was refused and why."""

from collections.abc import Mapping

from central.web.refused import Said
from central.wishes import service as wishes
from central.wishes.tables import WishRow
from devices.scanners import Ending, ScanSettings
from devices.scanning import Difference, Flaw, Unscannable

FLAWS: Mapping[Flaw, str] = {
    "dark": "太暗",
    "cut": "边上的字可能没扫全",
    "skewed": "纸放歪了",
    "blurred": "字迹模糊",
}
"""What a page's image lacks."""
LEFT_OUT: Mapping[Unscannable, str] = {
    "disc": "光盘",
    "usb_stick": "优盘",
    "photograph": "照片",
    "bound_volume": "装订成册的材料",
    "oversize": "超大幅面的图纸",
    "object": "实物",
}
"""What cannot be scanned."""
DIFFERENCES: Mapping[Difference, str] = {
    "miscounted": "清点时数错了",
    "sheet_unreadable": "有纸张破损，扫不了",
    "sheet_withdrawn": "有纸张已取走",
    "blank_not_fed": "空白纸没有放入",
    "sheet_twice": "有纸张扫了两次",
    "other": "其他原因",
}
"""Why counted and scanned sheets may differ."""
SOURCES: Mapping[str, str] = {"flatbed": "平板", "feeder": "单面", "feeder_duplex": "双面"}
MODES: Mapping[str, str] = {"lineart": "黑白", "gray": "灰度", "color": "彩色"}

ENDINGS: Mapping[Ending, tuple[str, str]] = {
    "jam": ("卡纸了。", "请打开扫描仪，取出卡住的纸抚平，把第 {sheet} 张放回最上面，再按“继续扫描”。"),
    "double_feed": ("两张纸一起进去了。", "请把纸抖松，从第 {sheet} 张起放回，再按“继续扫描”。"),
    "cover_open": ("扫描仪的盖子开着。", "请合上盖子，把第 {sheet} 张放回最上面，再按“继续扫描”。"),
    "truncated": ("第 {sheet} 张没有扫完整，没有收。", "请把第 {sheet} 张放回最上面，再按“继续扫描”。"),
    "cancelled": ("已经停下。", "要接着扫，请从第 {sheet} 张起放好，再按“继续扫描”。"),
    "gone": ("扫描仪断开了。", "请检查电源和数据线；扫描仪恢复后，把第 {sheet} 张放回最上面，再按“继续扫描”。"),
    "fault": ("扫描仪或工位出了故障。", "请看扫描仪上的提示；排除后把第 {sheet} 张放回最上面，再按“继续扫描”。"),
    "out_of_paper": ("进纸器里没有纸。", "请放好纸，再按“开始扫描”。"),
}
"""Why a batch ended: what happened, and what to do."""

_REFUSALS: Mapping[str, str] = {
    "device_offline": "扫描仪没有接上或没有开机，什么也没有扫。请检查电源和数据线后再试。",
    "device_busy": "扫描仪正忙。请等这一批扫完再试。",
    "expired": "请求到得太晚，扫描工位没有照办。已经扫好的页都在，请再按一次。",
    "clock_not_trusted": "扫描工位的时钟未校准，暂不接受请求。请通知信息技术人员。",
}


def ended(why: str, sheet: int | None, pages: int) -> tuple[Said, Said] | None:
    """What happened and what to do now; None where a batch ended as it should."""
    if why == "out_of_paper" and pages:
        return None
    happened, do = ENDINGS.get(why, ENDINGS["fault"])  # type: ignore[call-overload]
    return Said(happened, {"sheet": sheet or 1}), Said(do, {"sheet": sheet or 1})


def preset(settings: ScanSettings) -> list[str]:
    """How it scans, in words."""
    return [SOURCES[settings.source], MODES[settings.mode], f"{settings.resolution} dpi"]


def outcome(row: WishRow) -> Said:
    """How it stands with what was asked of a desk."""
    if row.state == "refused":
        text = _REFUSALS.get(row.why or "", "扫描工位没有照办：{detail}。已经扫好的页都在。")
        return Said(text, {"detail": row.detail or row.why or ""} if "{detail}" in text else {})
    if row.state == "expired" and row.sent_at is None:
        return Said("请求没有送到扫描工位：连接中断。已经扫好的页都在，请稍后再试。")
    if row.state == "expired":
        return Said("扫描工位没有应答。已经扫好的页都在；恢复联系后，实际情况会自动补记。")
    return Said(wishes.STATE_NAMES[row.state])
