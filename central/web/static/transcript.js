// The transcript as it grows: what is taken in or corrected while somebody reads takes its place by itself, and whoever
// corrects stays where he is.
(() => {
  const said = document.getElementById("said");
  const source = document.getElementById("news");
  let returns = null; // the utterance that was corrected here: its reader goes on from it

  const order = (one) => [Number(one.dataset.from), Number(one.id.slice(2))];
  const isBefore = ([a, b], [c, d]) => a < c || (a === c && b < d);

  /** What stands there gets its new words; a form in which somebody writes is left alone. */
  function renew(old, fresh) {
    const written = old.querySelector("details[open]");
    if (!written) { old.replaceWith(fresh); return; }
    for (const node of [...written.parentNode.childNodes]) if (node !== written) node.remove();
    for (const node of [...fresh.querySelector(".what").childNodes]) if (node.nodeName !== "DETAILS") written.before(node);
  }

  /** In its order, unless it belongs to a piece that is not shown yet. */
  function add(fresh) {
    const here = order(fresh);
    const shown = [...said.querySelectorAll(".utterance")];
    const next = shown.find((one) => isBefore(here, order(one)));
    if (next === shown[0] && document.getElementById("above")) return;
    if (next) next.before(fresh);
    else if (!document.getElementById("below")) said.append(fresh);
  }

  function take(text) {
    const piece = new DOMParser().parseFromString(text, "text/html").querySelector("[data-taken]");
    if (!piece) return;
    const articles = [...piece.querySelectorAll(".utterance")];
    Object.assign(said.dataset, piece.dataset);
    for (const fresh of articles) {
      const old = document.getElementById(fresh.id);
      if (old) renew(old, fresh);
      else add(fresh);
    }
    if (!articles.length) return;
    htmx.process(said);
    document.getElementById("nothing-said").hidden = true;
    document.getElementById("transcript").hidden = false;
    if (articles.some((one) => one.id === returns)) {
      document.querySelector(`#${returns} summary`)?.focus({ preventScroll: true });
      returns = null;
    }
    htmx.trigger(document.body, "again"); // there may be more than a piece of it
  }

  source.addEventListener("htmx:configRequest", (event) => {
    event.detail.parameters = { taken: said.dataset.taken, corrected: said.dataset.corrected };
  });
  source.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) take(event.detail.xhr.responseText); });

  said.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    const form = event.target;
    const details = form.closest("details");
    const why = details.querySelector(".refused");
    why.hidden = true;
    const headers = { "X-CSRF": document.querySelector("meta[name=csrf]").content };
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers }).catch(() => null);
    if (answer?.status === 204) {
      returns = form.closest(".utterance").id;
      form.elements.text.defaultValue = form.elements.text.value;
      details.open = false;
      details.querySelector("summary").focus({ preventScroll: true });
      htmx.trigger(document.body, "again");
      return;
    }
    const page = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
    why.textContent = page?.querySelector("main .panel p")?.textContent ?? said.dataset.failed;
    why.hidden = false;
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "j" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input")) return;
    const details = event.target.closest?.(".utterance")?.querySelector("details");
    if (!details) return;
    event.preventDefault();
    details.open = true;
    details.querySelector("input[name=text]").select();
  });
})();
