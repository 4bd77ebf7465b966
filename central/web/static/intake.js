// Files are sent one after the other, each on its own, so that one that is refused keeps no other back.
(() => {
  const MOST = 32 * 1024 * 1024 - 4096; // what a request may bring; larger files go in pieces
  const LARGEST = 600 * 1024 * 1024;
  const PIECE = 4 * 1024 * 1024;
  const TRIES = 6;
  const AGAIN_MS = 2000;
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

  const encoded = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  const csrf = () => ({ "X-CSRF": document.querySelector("meta[name=csrf]").content, "Tus-Resumable": "1.0.0" });

  /** In pieces, by tus 1.0; after a break it goes on where the court has it. */
  async function sendLarge(file, said) {
    const told = { filename: file.name, filetype: file.type || "application/octet-stream", case: form.dataset.case };
    if (document.getElementById("secret")?.checked) told.secret = "1";
    const metadata = Object.entries(told).map(([name, value]) => `${name} ${encoded(value)}`).join(",");
    const begun = await fetch("/api/v1/file-uploads/", { method: "POST", headers: { ...csrf(), "Upload-Length": file.size, "Upload-Metadata": metadata } });
    if (begun.status !== 201) throw new Error(begun.status);
    const url = new URL(begun.headers.get("Location"), location).pathname;
    let offset = 0;
    for (let tries = 0; offset < file.size;) {
      said(offset);
      try {
        const headers = { ...csrf(), "Upload-Offset": offset, "Content-Type": "application/offset+octet-stream" };
        const answer = await fetch(url, { method: "PATCH", headers, body: file.slice(offset, offset + PIECE) });
        if (answer.status === 409 && offset + PIECE >= file.size) { refuse([(await answer.json()).error.message]); return; }
        if (answer.status !== 204) throw new Error(answer.status);
        offset = Number(answer.headers.get("Upload-Offset"));
        tries = 0;
      } catch (error) {
        if (++tries > TRIES) throw error;
        await new Promise((done) => setTimeout(done, AGAIN_MS));
        const there = await fetch(url, { method: "HEAD", headers: csrf() }).catch(() => null);
        if (there?.ok) offset = Number(there.headers.get("Upload-Offset"));
      }
    }
  }

  async function sendAll(files) {
    refused.replaceChildren();
    refused.hidden = true;
    for (const [index, file] of [...files].entries()) {
      sending.textContent = filled(sending.dataset.said, { name: file.name, n: index + 1, all: files.length });
      if (file.size > LARGEST) { refuse([filled(sending.dataset.large, { name: file.name })]); continue; }
      const part = (offset) => { sending.textContent = filled(sending.dataset.part, { name: file.name, percent: Math.floor(offset * 100 / file.size) }); };
      try {
        await (file.size > MOST ? sendLarge(file, part) : send(file));
      } catch {
        refuse([filled(sending.dataset.failed, { name: file.name })]);
      }
    }
    sending.textContent = "";
    field.value = "";
    htmx.trigger(document.body, "again");
  }

  field.addEventListener("change", () => sendAll(field.files));
  // Anywhere on the page: a file let go beside the frame would take the browser away from it.
  const carries = (event) => event.dataTransfer?.types.includes("Files");
  for (const kind of ["dragenter", "dragover"]) document.addEventListener(kind, (event) => { if (carries(event)) { event.preventDefault(); form.classList.add("is-over"); } });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("is-over"); });
  document.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    form.classList.remove("is-over");
    sendAll(event.dataTransfer.files);
  });
})();
