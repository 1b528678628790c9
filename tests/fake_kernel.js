/** The kernel's end of the built widget: what the test sends goes in, what the widget asks for is kept in `sent`. */
import widget from "/static/widget.js";

class Model {
  sent = [];
  listeners = new Map();

  constructor(traits) {
    this.traits = traits;
  }
  get(name) {
    return this.traits[name];
  }
  on(name, listener) {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]);
  }
  off(name, listener) {
    this.listeners.set(name, this.listeners.get(name).filter((one) => one !== listener));
  }
  send(content) {
    this.sent.push(content);
    queueMicrotask(() => this.emit({ kind: "update", tables: [], acknowledged: [content.id], route: null }, []));
  }
  emit(content, buffers) {
    for (const listener of this.listeners.get("msg:custom") ?? []) listener(content, buffers);
  }
}

/** Shows the widget in place of the one before. */
export function show(traits) {
  window.shown?.remove();
  const model = new Model(traits);
  window.shown = { model, remove: widget.render({ model, el: document.getElementById("widget") }) };
}

/** Sends messages whose buffers come as one file; `lengths` has the bytes of each of them. */
export async function play(messages, url) {
  const bytes = await (await fetch(url)).arrayBuffer();
  let at = 0;
  for (const { content, lengths } of messages) {
    const buffers = lengths.map((length) => new DataView(bytes, (at += length) - length, length));
    window.shown.model.emit(content, buffers);
  }
  await drawn();
}

/** Resolves when what was asked for before is drawn. */
export const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

window.kernel = { show, play, drawn };
