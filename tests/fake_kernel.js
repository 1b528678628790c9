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
    if (content.command === "media") answerWithFile(this, content.file);
    queueMicrotask(() => this.emit({ kind: "update", tables: [], acknowledged: [content.id], route: null }, []));
  }
  emit(content, buffers) {
    for (const listener of this.listeners.get("msg:custom") ?? []) listener(content, buffers);
  }
}

async function answerWithFile(model, file) {
  const found = await fetch(`/media/${file}`);
  const isThere = found.status === 200;
  const content = isThere ? await found.arrayBuffer() : new ArrayBuffer();
  model.emit({ kind: "media", file, problem: isThere ? null : "it is gone" }, [new DataView(content)]);
}

/** Shows the widget in place of the one before. */
export function show(traits) {
  window.shown?.remove();
  const model = new Model(traits);
  window.shown = { model, remove: widget.render({ model, el: document.getElementById("widget") }) };
}

/** As from a kernel that has nothing new to tell but is there. */
export const beat = () => window.shown?.model.emit({ kind: "update", tables: [], acknowledged: [], route: null }, []);

let heart = setInterval(beat, 1000);

/** From now on it is silent and answers nothing; that it was shut down, JupyterLab says with an event. */
export function die(isToldBy) {
  clearInterval(heart);
  window.shown.model.send = (content) => window.shown.model.sent.push(content);
  for (const listener of window.shown.model.listeners.get(isToldBy) ?? []) listener();
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

window.kernel = { show, play, repeat, drawn, beat, die };
