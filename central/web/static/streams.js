// The streams of all windows of a browser, which holds only six connections to a host: windows that ask for the same
// place share one stream, of the topics of all of them. When a window needs a topic more, a new stream takes over from
// the one there is, and nobody misses what changes meanwhile.
const OPENED = "live"; // the first event on each connection
const MOST = 200; // topics that central takes in one question
const LINGER_MS = 1000; // what was on its way while the next stream opened still comes by the last one
const { CLOSED, CONNECTING } = EventSource;
const lines = [];

class Line {
  constructor(path) {
    this.path = path;
    this.windows = new Map(); // port -> { topics, names, waits }; it waits until it is told that its topics are listened to
    lines.push(this);
  }

  /** What all windows show, and this one. */
  topics(more = []) { return new Set([...this.windows.values()].flatMap((one) => one.topics).concat(more)); }

  join(port, topics, isFresh) {
    if (isFresh) { this.drop(); this.lost(); }
    this.windows.set(port, { topics, names: new Set(), waits: true });
    const newest = this.next ?? this.now;
    if (!newest || topics.some((topic) => !newest.topics.has(topic))) this.connect();
    if (this.now?.isOpen) this.found(this.now);
  }

  leave(port) {
    this.windows.delete(port);
    if (!this.windows.size) this.end();
  }

  listen(port, name) {
    this.windows.get(port).names.add(name);
    for (const source of [this.now, this.next]) if (source) this.hear(source, name);
  }

  connect() {
    this.next?.close();
    const topics = this.topics();
    const query = new URLSearchParams([...topics].map((topic) => ["topic", topic]));
    const source = new EventSource(topics.size ? `${this.path}?${query}` : this.path);
    this.next = Object.assign(source, { topics, heard: new Set(), isOpen: false });
    source.addEventListener(OPENED, () => this.opened(source));
    source.onerror = () => this.failed(source);
    for (const { names } of this.windows.values()) for (const name of names) this.hear(source, name);
  }

  hear(source, name) {
    if (source.heard.has(name)) return;
    source.heard.add(name);
    source.addEventListener(name, ({ data }) => {
      for (const [port, { names }] of this.windows) if (names.has(name)) port.postMessage({ name, data });
    });
  }

  opened(source) {
    source.isOpen = true;
    if (source === this.next) {
      const last = this.now;
      this.last?.close();
      this.last = last;
      if (last) setTimeout(() => last.close(), LINGER_MS);
      this.now = source;
      this.next = null;
    }
    if (source === this.now) this.found(source);
  }

  failed(source) {
    source.isOpen = false;
    if (source !== this.now && source !== this.next) return;
    if (source.readyState === CLOSED) { this.lost(CLOSED); this.end(); } // refused: each window asks again
    else this.lost();
  }

  found(source) {
    for (const [port, one] of this.windows) {
      if (!one.waits || !one.topics.every((topic) => source.topics.has(topic))) continue;
      one.waits = false;
      port.postMessage({ name: "open" });
    }
  }

  lost(readyState = CONNECTING) {
    for (const [port, one] of this.windows) {
      one.waits = true;
      port.postMessage({ name: "error", readyState });
    }
  }

  drop() {
    for (const source of [this.last, this.now, this.next]) source?.close();
    this.last = this.now = this.next = null;
  }

  end() {
    this.drop();
    this.windows.clear();
    if (lines.includes(this)) lines.splice(lines.indexOf(this), 1);
  }
}

/** The line to that place in which there is room for those topics. */
function lineFor(path, topics) {
  return lines.find((line) => line.path === path && line.topics(topics).size <= MOST) ?? new Line(path);
}

onconnect = ({ ports: [port] }) => {
  let line = null;
  const leave = () => { line?.leave(port); line = null; };
  port.onmessage = ({ data: { join, isFresh, listen } }) => {
    if (join) {
      const { pathname, searchParams } = new URL(join, location);
      const topics = searchParams.getAll("topic");
      line = lineFor(pathname, topics);
      line.join(port, topics, isFresh);
    } else if (listen) {
      if (line?.windows.has(port)) line.listen(port, listen);
    } else {
      leave();
    }
  };
  port.addEventListener("close", leave); // of a window that ended without a word
};
