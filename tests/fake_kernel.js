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

/** Sends an update, and resolves when it is drawn. Its buffers come as one file; `lengths` has the bytes of each. */
export async function play(message) {
  window.shown.model.emit(message.content, await buffersOf(message));
  await drawn();
}

/** A function that sends an update of rows, and at each further call as many rows again. */
export async function repeat(message) {
  const { content } = message;
  const buffers = await buffersOf(message);
  return () => {
    window.shown.model.emit(content, buffers);
    let first = 0;
    for (const table of content.tables) {
      table.start += table.count;
      const step = new Float64Array(buffers[first].buffer, buffers[first].byteOffset, table.count);
      step.forEach((at, i) => (step[i] = at + table.count));
      first += table.columns.length;
      content.state.step = Math.max(content.state.step, step.at(-1));
    }
  };
}

async function buffersOf({ lengths, url }) {
  const bytes = await (await fetch(url)).arrayBuffer();
  let at = 0;
  return lengths.map((length) => new DataView(bytes, (at += length) - length, length));
}

/** Resolves when what was asked for before is drawn. */
export const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

window.kernel = { show, play, repeat, drawn };
