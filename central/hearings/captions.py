"""A transcript as captions: SubRip, and WebVTT as the W3C has it. Times count from the opening of the hearing."""

import html
from collections.abc import Mapping, Sequence

from central.hearings.spoken import Utterance

Speakers = Mapping[str, str]
"""Seat -> what its speaker is called."""


def srt(said: Sequence[Utterance], rate: int, speakers: Speakers) -> str:
    """SubRip: numbered, `speaker: text`."""
    cues = [
        f"{number}\n{_span(one, rate, ',')}\n{speakers.get(one.seat, one.seat)}：{one.text}\n"
        for number, one in enumerate(said, 1)
    ]
    return "\n".join(cues)


def vtt(said: Sequence[Utterance], rate: int, speakers: Speakers) -> str:
    """WebVTT: each cue in the voice of its speaker."""
    cues = [
        f"{_span(one, rate, '.')}\n<v {_plain(speakers.get(one.seat, one.seat))}>{_plain(one.text)}\n" for one in said
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _span(one: Utterance, rate: int, point: str) -> str:
    return f"{_time(one.from_sample, rate, point)} --> {_time(one.to_sample, rate, point)}"


def _time(sample: int, rate: int, point: str) -> str:
    millis = sample * 1000 // rate
    seconds = millis // 1000
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{millis % 1000:03}"


def _plain(text: str) -> str:
    return html.escape(text, quote=False)
