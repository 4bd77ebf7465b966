"""Settings put into a gateway's file in place: nothing else in it changes, neither comments nor order."""

from collections.abc import Mapping
from typing import Any

import yaml

from gateway.config import parse
from gateway.config_text import BadConfig


def amended(name: str, text: str, device: str, settings: Mapping[str, Any]) -> str:
    """The file with these settings of one device. Raises BadConfig if it cannot be changed in place."""
    node = _device(name, text, device)
    known = {key.value: value for key, value in node.value}
    for setting in sorted(settings, key=lambda setting: _place(known.get(setting)), reverse=True):
        text = _put(text, node, known.get(setting), f"{setting}: ", _scalar(settings[setting]))
    kept = parse(name, text).devices[device].settings.model_dump()
    wrong = [setting for setting, value in settings.items() if kept[setting] != value]
    if wrong:
        raise BadConfig([f"{name}: {', '.join(wrong)} of {device} cannot be put in its place; write it by hand"])
    return text


def _device(name: str, text: str, device: str) -> yaml.MappingNode:
    top = yaml.compose(text, Loader=yaml.SafeLoader)  # the C one counts bytes, not characters
    for word in ("devices", device):
        nodes = [value for key, value in top.value if key.value == word] if isinstance(top, yaml.MappingNode) else []
        if not nodes:
            raise BadConfig([f"{name}: there is no {word!r}"])
        top = nodes[0]
    if not isinstance(top, yaml.MappingNode):
        raise BadConfig([f"{name}: {device} holds no settings"])
    return top


def _place(value: yaml.Node | None) -> int:
    """Where the value stands; what is not there yet goes to the end."""
    return 1 << 60 if value is None else int(value.start_mark.index)


def _put(text: str, node: yaml.MappingNode, value: yaml.Node | None, key: str, scalar: str) -> str:
    if value is not None:
        return text[: value.start_mark.index] + scalar + text[value.end_mark.index :]
    first, last = node.value[0][0], node.value[-1][1]
    end = last.end_mark.index
    if node.flow_style:
        return f"{text[:end]}, {key}{scalar}{text[end:]}"
    at = text.find("\n", end)
    at = len(text) if at < 0 else at
    return f"{text[:at]}\n{' ' * first.start_mark.column}{key}{scalar}{text[at:]}"


def _scalar(value: Any) -> str:
    return str(yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=1000)).splitlines()[0]
