"""The minutes in the browser: drawn up, read back, objected to, signed, and taken away on paper."""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from central.blobs import Blobs, NoBlob
from central.hearings import certified, minutes, minutes_flow, papers, schedule, transcript
from central.hearings.minutes_steps import hand_of, take
from central.hearings.minutes_tables import MinutesText, Objection, Signature
from central.hearings.minutes_text import Minutes
from central.hearings.papers import Sheet, Signed
from central.people.roles import Actor
from central.people.service import name_of
from central.rules.service import in_force
from central.web.here import Now, Reading, blobs_of, go, needs, pages, store_of
from central.web.look import look_of, words
from central.web.look import page as drawn
from central.web.refused import Refused, Said
from devices.agenda import ROLE_NAMES

router = pages()

Listener = Annotated[Actor, Depends(needs("hearing.listen"))]
Corrector = Annotated[Actor, Depends(needs("hearing.correct"))]
Text = Annotated[str, Form()]
Form_ = Literal["docx", "pdf"]
Kind = Literal["txt", "p7s"]
_SENT = {"txt": "text/plain; charset=utf-8", "p7s": "application/pkcs7-signature"}
_KINDS: Mapping[str, tuple[str, Callable[[Sheet], bytes]]] = {
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", papers.docx),
    "pdf": ("application/pdf", papers.pdf),
}


class Told:
    """What a form of the minutes brings; each event takes what it needs."""

    def __init__(  # noqa: PLR0913  (a field each)
        self, how: Text = "", key: Text = "", name: Text = "", words: Text = "", drawing: Text = "",
        objection: Annotated[int, Form()] = 0, signature: Annotated[UploadFile | None, File()] = None,
    ) -> None:  # fmt: skip
        self.how, self.key, self.name, self.words = how, key, name, words
        self.drawing, self.objection = drawing, objection
        self.signature = signature.file.read(certified.MOST_BYTES + 1) if signature else None


@router.get("/hearings/{hearing}/minutes")
def read(request: Request, by: Listener, session: Reading, now: Now, hearing: int) -> HTMLResponse:
    """The newest text, what can be done with it, who objected, who signed; and every text before."""
    return _page(request, by, session, now, hearing)


@router.post("/hearings/{hearing}/minutes/{event}")
def step(
    request: Request, by: Corrector, now: Now, hearing: int, event: str, told: Annotated[Told, Depends()]
) -> Response:
    """One step of its flow."""
    try:
        with store_of(request).write() as session:
            hand = hand_of(request, session, by, now, hearing)
            take(session, hand, event, told)
    except Refused as refused:
        with store_of(request).read() as session:
            return _page(request, by, session, now, hearing, refused=refused.said, event=event, told=told,
                         status=refused.status)  # fmt: skip
    return go(f"/hearings/{hearing}/minutes")


@router.get("/hearings/{hearing}/minutes/{number}.{form}")
def paper(request: Request, by: Listener, now: Now, hearing: int, number: int, form: Form_) -> Response:
    """A text on paper, with the signatures it has; that it was copied is on record."""
    with store_of(request).write() as session:
        found = schedule.find_hearing(session, by, hearing)
        text = _numbered(session, hearing, number)
        transcript.accessed(session, by, found, "copy", form, now)
        sheet = _sheet(request, text)
        name = f"{found.ref}-{number}.{form}"
    kind, write = _KINDS[form]
    return Response(write(sheet), 200, {"content-disposition": f'attachment; filename="{name}"'}, kind)


@router.get("/hearings/{hearing}/minutes/{number}/{key}.{kind}")
def certificate_file(  # noqa: PLR0913  (who, when, whose, which)
    request: Request, by: Listener, session: Reading, now: Now, hearing: int, number: int, key: str, kind: Kind
) -> Response:
    """What somebody is to sign by certificate (`txt`), and what they signed it with (`p7s`)."""
    hand = hand_of(request, session, by, now, hearing)
    text = _numbered(session, hearing, number)
    signed = next((one.certified for one in text.signatures if one.key == key), None)
    if kind == "p7s" and signed is None:
        raise Refused("这里没有证书签名。", code="no_signature", status=404)
    ref = hand.hearing.ref
    content = hand.blobs.get(signed or "") if kind == "p7s" else certified.to_sign(ref, number, key, text.text)
    name = f"{ref}-{number}-{key}.{kind}"
    return Response(content, 200, {"content-disposition": f'attachment; filename="{name}"'}, _SENT[kind])


def _numbered(session: Session, hearing: int, number: int) -> MinutesText:
    text = next((text for text in minutes.texts(session, hearing) if text.number == number), None)
    if text is None:
        raise Refused("还没有形成笔录文本。", code="no_minutes", status=404)
    return text


def _page(
    request: Request, by: Actor, session: Session, now: datetime, hearing: int, *, status: int = 200, **again: Any
) -> HTMLResponse:
    """`again`: what was refused of which step, and what was written for it."""
    hand = hand_of(request, session, by, now, hearing)
    texts = minutes.texts(session, hearing)
    newest = texts[0] if texts else None
    stands = minutes.standing(session, hand, newest)
    steps = minutes_flow.steps(stands)
    can = {step.event: why for step, why in steps}
    context: dict[str, Any] = {"hearing": hand.hearing, "texts": texts, "newest": newest, "stands": stands}
    context |= {"text": minutes.read(hand.blobs, newest) if newest else None, "can": can, "by": by}
    context |= {"grounds": [(step.event, in_force(session, step.basis)) for step, _ in steps]}
    context |= {"event_names": minutes_flow.EVENT_NAMES}
    context |= {"hows": minutes.HOW_NAMES, "role_names": ROLE_NAMES, "drawings": _drawings(hand.blobs, newest)}
    context |= {"names": _names(session, texts), "clock": papers.clock}
    context |= {"not_own": _not_own(hand, newest, context["text"])}
    context |= {"trusts": bool(hand.authorities), "no_authorities": minutes.NO_AUTHORITIES}
    context |= {"refused": None, "event": "", "drawn_at": f"/hearings/{hearing}/minutes"} | again
    return drawn(request, "hearings/minutes.html", status, **context)


def _not_own(hand: minutes.Hand, newest: MinutesText | None, text: Minutes | None) -> dict[str, Said]:
    """Who has to sign elsewhere, and why."""
    if newest is None or text is None:
        return {}
    found = {taker.key: minutes.not_own(hand, newest, taker.key) for taker in text.takers}
    return {key: why.said for key, why in found.items() if why is not None}


def _drawings(blobs: Blobs, text: MinutesText | None) -> dict[str, str]:
    found = {one.key: _image(blobs, one.drawn) for one in text.signatures} if text else {}
    return {key: f"data:image/png;base64,{base64.b64encode(image).decode()}" for key, image in found.items() if image}


def _image(blobs: Blobs, sha256: str | None) -> bytes | None:
    try:
        return blobs.get(sha256) if sha256 else None
    except NoBlob:
        return None


def _names(session: Session, texts: Any) -> dict[str, str]:
    refs = {text.by for text in texts} | {one.by for text in texts for one in text.signatures}
    refs |= {one.decided_by for text in texts for one in text.objections if one.decided_by}
    return {ref: name_of(session, ref) for ref in refs}


def _sheet(request: Request, text: MinutesText) -> Sheet:
    blobs, say, look = blobs_of(request), words(request).say, look_of(request)
    whole: Minutes = minutes.read(blobs, text)
    signed = {one.key: one for one in text.signatures}

    def time(at: datetime) -> str:
        return f"{at.astimezone(look.zone):%Y-%m-%d %H:%M}"

    def under(key: str, role: str, name: str) -> Signed:
        who, one = f"{say(role)} {name}", signed.get(key)
        if one is None:
            return Signed(who)
        image = _image(blobs, one.drawn)
        return Signed(f"{say(role)} {one.name}", image, _instead(one, say), time(one.at))

    signatures = [under(taker.key, ROLE_NAMES[taker.role], taker.name) for taker in whole.takers]
    notes = [_objection(whole, one, say) for one in text.objections]
    mark = say("第 {n} 份文本 SHA-256 {hash}", n=text.number, hash=text.text)
    return papers.sheet(whole, mark, notes, signatures, say, time)


def _instead(one: Signature, say: papers.Say) -> str:
    """What stands where a signature would be drawn."""
    if one.certified:
        return say("以证书签名：{subject}，由 {issuer} 签发", subject=one.subject, issuer=one.issuer)
    return say("拒绝签名：{why}", why=one.declined) if one.declined else ""


def _objection(whole: Minutes, one: Objection, say: papers.Say) -> str:
    role = next((ROLE_NAMES[taker.role] for taker in whole.takers if taker.key == one.key), one.key)
    became = {"granted": say("准予补正"), "refused": say("不予补正"), "": say("尚未处理")}[one.decided]
    told = say("{who}申请补正：{what}（{became}）", who=say(role), what=one.says, became=became)
    return f"{told}{one.reason}"
