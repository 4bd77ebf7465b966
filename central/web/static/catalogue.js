// A catalogue by mouse and by keys. Each change is sent; what comes back is the list as it is then.
(() => {
  const list = () => document.getElementById("list");
  let dragged = null;

  async function send(what, fields) {
    const base = list().dataset.base;
    const headers = { "X-CSRF": document.querySelector("meta[name=csrf]").content };
    const answer = await fetch(`${base}/${what}`, { method: "POST", body: new URLSearchParams(fields), headers }).catch(() => null);
    if (!answer) { document.dispatchEvent(new Event("not-sent")); return; }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const piece = page.getElementById("catalogue");
    if (!piece) { refused(page.querySelector("main .panel")); return; }
    document.getElementById("catalogue").innerHTML = piece.innerHTML;
    htmx.process(document.getElementById("catalogue"));
    const page_ = fields.page && document.querySelector(`.thumb[data-page="${CSS.escape(fields.page)}"]`);
    const hand = page_ || document.getElementById(`document-${fields.document}`);
    hand?.focus();
    hand?.classList.add("glow");
  }

  /** Why a change was not made stands above the list, which is as it was; who may not even read it any more goes where he is sent. */
  function refused(why) {
    if (!why) { location.reload(); return; }
    document.getElementById("refused")?.remove();
    why.id = "refused";
    why.role = "alert";
    why.querySelector("p:has(.btn)")?.remove();
    list().closest(".row").before(why);
  }

  const shelves = () => [...document.querySelectorAll(".shelf")];
  const place = (shelf, document_, before = 0) =>
    send("place", { document: document_, item: shelf.dataset.item, secret: shelf.dataset.secret, before });

  /** Up and down among its neighbours, and past them to the next item. */
  function shift(doc, step) {
    const shelf = doc.closest(".shelf");
    const docs = [...shelf.querySelectorAll(".doc")];
    const at = docs.indexOf(doc);
    if (docs[at + step]) {
      const before = step < 0 ? docs[at - 1] : docs[at + 2];
      place(shelf, doc.dataset.document, before?.dataset.document ?? 0);
      return;
    }
    const all = shelves();
    const next = all[all.indexOf(shelf) + step];
    if (next) place(next, doc.dataset.document, step > 0 ? next.querySelector(".doc")?.dataset.document ?? 0 : 0);
  }

  const thumbs = (thumb) => [...thumb.closest(".thumbs").querySelectorAll(".thumb[data-page]")];
  const turn = (thumb, isLeft) =>
    send("turn", { page: thumb.dataset.page, document: thumb.closest(".thumbs").dataset.of, left: isLeft ? "1" : "" });

  /** A page to that place of its document. */
  function put(page, beside, step = 0) {
    const all = thumbs(beside);
    const index = all.indexOf(beside) + step;
    if (index >= 0 && index < all.length) send("page", { page, document: beside.closest(".thumbs").dataset.of, index });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-turn]");
    if (button) turn(button.closest(".thumb-with").querySelector(".thumb"), button.dataset.turn === "left");
  });

  document.addEventListener("keydown", (event) => {
    if (!list()?.dataset.editable || event.target.matches("input, select, textarea")) return;
    const doc = event.target.closest?.(".doc");
    const thumb = event.target.closest?.(".thumb[data-page]");
    const step = event.altKey ? { ArrowLeft: -1, ArrowRight: 1 }[event.key] : 0;
    if (thumb && step) {
      event.preventDefault();
      event.stopPropagation();
      put(thumb.dataset.page, thumb, step);
    } else if (thumb && (event.key === "y" || event.key === "Y") && !event.altKey && !event.ctrlKey && !event.metaKey) {
      turn(thumb, event.shiftKey);
    } else if ((event.ctrlKey || event.metaKey) && event.key === "z") {
      event.preventDefault();
      if (!document.getElementById("undo").disabled) send("undo", { document: doc?.dataset.document ?? document.querySelector(".thumbs[data-of]")?.dataset.of ?? 0 });
    } else if (doc && event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      event.stopPropagation();
      shift(doc, event.key === "ArrowUp" ? -1 : 1);
    } else if (doc && event.key === "v" && doc.dataset.state !== "CONFIRMED" && !event.altKey) {
      send("confirm", { document: doc.dataset.document });
    }
  }, true);

  document.addEventListener("dragstart", (event) => {
    const doc = event.target.closest?.("[data-document]");
    const page = event.target.closest?.("[data-page]");
    dragged = page ? { page: page.dataset.page } : doc?.draggable ? { document: doc.dataset.document } : null;
    if (dragged) event.dataTransfer.effectAllowed = "move";
    document.body.classList.toggle("is-dragging", Boolean(dragged));
  });
  document.addEventListener("dragend", () => { dragged = null; document.body.classList.remove("is-dragging"); });
  document.addEventListener("dragover", (event) => {
    const over = dragged && event.target.closest?.(dragged.page ? ".doc, .thumb[data-page]" : ".shelf, .doc");
    for (const each of document.querySelectorAll(".is-over")) if (each !== over) each.classList.remove("is-over");
    if (over) { event.preventDefault(); over.classList.add("is-over"); }
  });
  document.addEventListener("drop", (event) => {
    const doc = event.target.closest?.(".doc");
    const shelf = event.target.closest?.(".shelf");
    const thumb = event.target.closest?.(".thumb[data-page]");
    if (!dragged || !(shelf || (thumb && dragged.page))) return;
    event.preventDefault();
    document.body.classList.remove("is-dragging");
    if (thumb) { if (thumb.dataset.page !== dragged.page) put(dragged.page, thumb); }
    else if (dragged.page && doc) send("page", { page: dragged.page, document: doc.dataset.document, index: 9999 });
    else if (dragged.document && doc?.dataset.document !== dragged.document) place(shelf, dragged.document, doc?.dataset.document ?? 0);
    dragged = null;
  });
})();
