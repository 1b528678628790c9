/** The page's end of a data widget: what it asks for goes to the test, where the widget of Python answers. */
class Model {
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
    this.listeners.set(name, (this.listeners.get(name) ?? []).filter((one) => one !== listener));
  }
  emit(name, ...what) {
    for (const listener of this.listeners.get(name) ?? []) listener(...what);
  }
  async send(content) {
    for (const one of read(await window.askKernel(JSON.stringify(content)))) {
      if (one.shown) {
        this.traits.shown = one.shown;
        this.emit("change:shown");
      } else this.emit("msg:custom", one.message, []);
    }
  }
}

/** Bytes come as text. */
function read(text) {
  return JSON.parse(text, (_, value) => {
    if (typeof value?.base64 !== "string") return value;
    return new DataView(Uint8Array.from(atob(value.base64), (letter) => letter.charCodeAt(0)).buffer);
  });
}

let shown;
let count = 0;

/** Its code and its looks are those of the widget that Python is about to show. */
async function show(traits) {
  shown?.remove();
  const style = document.getElementById("style");
  const { default: widget } = await import(`/widget.js?${++count}`);
  await new Promise((done) => {
    style.onload = done;
    style.href = `/widget.css?${count}`;
  });
  const model = new Model(read(traits));
  shown = { model, remove: widget.render({ model, el: document.getElementById("widget") }) };
}

/** Python has set what is shown, without being asked. */
function changed(text) {
  shown.model.traits.shown = read(text).shown;
  shown.model.emit("change:shown");
}

/** The notebook says so when the kernel was restarted or shut down. */
const die = () => shown.model.emit("comm_live_update");

window.kernel = { show, changed, die };
