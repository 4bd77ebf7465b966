// Files are sent one after the other, each on its own, so that one that is refused keeps no other back.
(() => {
  const MOST = 32 * 1024 * 1024 - 4096; // what a request may bring
  const form = document.getElementById("drop");
  const field = document.getElementById("files");
  const sending = document.getElementById("sending");
  const refused = document.getElementById("not-taken");
  const filled = (text, told) => text.replace(/\{(\w+)\}/g, (_, name) => told[name]);

  function refuse(sentences) {
    refused.hidden = false;
    for (const sentence of sentences) {
      const line = refused.appendChild(document.createElement("p"));
      line.appendChild(document.createElement("strong")).textContent = sentence;
    }
  }

  async function send(file) {
    const data = new FormData();
    data.append("files", file);
    if (document.getElementById("secret")?.checked) data.append("secret", "1");
    const headers = { "X-CSRF": document.querySelector("meta[name=csrf]").content };
    const answer = await fetch(form.action, { method: "POST", body: data, headers, redirect: "manual" });
    if (answer.status === 409) refuse(await answer.json());
    else if (answer.type !== "opaqueredirect") throw new Error(answer.status);
  }

  async function sendAll(files) {
    refused.replaceChildren();
    refused.hidden = true;
    for (const [index, file] of [...files].entries()) {
      sending.textContent = filled(sending.dataset.said, { name: file.name, n: index + 1, all: files.length });
      if (file.size > MOST) { refuse([filled(sending.dataset.large, { name: file.name })]); continue; }
      try {
        await send(file);
      } catch {
        refuse([filled(sending.dataset.failed, { name: file.name })]);
      }
    }
    sending.textContent = "";
    field.value = "";
    htmx.trigger(document.body, "again");
  }

  field.addEventListener("change", () => sendAll(field.files));
  for (const kind of ["dragenter", "dragover"]) form.addEventListener(kind, (event) => { event.preventDefault(); form.classList.add("is-over"); });
  for (const kind of ["dragleave", "drop"]) form.addEventListener(kind, () => form.classList.remove("is-over"));
  form.addEventListener("drop", (event) => { event.preventDefault(); sendAll(event.dataTransfer.files); });
})();
