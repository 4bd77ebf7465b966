// A catalogue by mouse and by keys. Each change is sent; what comes back is the list as it is then.
(() => {
  const list = () => document.getElementById("list");
  let dragged = null;

  async function send(what, fields) {
    const base = list().dataset.base;
    const headers = { "X-CSRF": document.querySelector("meta[name=csrf]").content };
    const answer = await fetch(`${base}/${what}`, { method: "POST", body: new URLSearchParams(fields), headers });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const piece = page.getElementById("catalogue");
    if (!piece) { location.reload(); return; }
    document.getElementById("catalogue").innerHTML = piece.innerHTML;
    htmx.process(document.getElementById("catalogue"));
    const hand = document.getElementById(`document-${fields.document}`);
    hand?.focus();
    hand?.classList.add("glow");
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

  document.addEventListener("keydown", (event) => {
    if (!list()?.dataset.editable || event.target.matches("input, select, textarea")) return;
    const doc = event.target.closest?.(".doc");
    if ((event.ctrlKey || event.metaKey) && event.key === "z") {
      event.preventDefault();
      if (!document.getElementById("undo").disabled) send("undo", { document: doc?.dataset.document ?? 0 });
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
    const over = dragged && event.target.closest?.(dragged.page ? ".doc" : ".shelf, .doc");
    for (const each of document.querySelectorAll(".is-over")) if (each !== over) each.classList.remove("is-over");
    if (over) { event.preventDefault(); over.classList.add("is-over"); }
  });
  document.addEventListener("drop", (event) => {
    const doc = event.target.closest?.(".doc");
    const shelf = event.target.closest?.(".shelf");
    if (!dragged || !shelf) return;
    event.preventDefault();
    document.body.classList.remove("is-dragging");
    if (dragged.page && doc) send("page", { page: dragged.page, document: doc.dataset.document, index: 9999 });
    else if (dragged.document && doc?.dataset.document !== dragged.document) place(shelf, dragged.document, doc?.dataset.document ?? 0);
    dragged = null;
  });
})();
