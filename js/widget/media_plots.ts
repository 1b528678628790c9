import { classColor } from "./classes";
import { brief, truncate } from "./format";
import { addSvg, contentOf, type Looks, type MediaView, nameOf, newSvg, textOf } from "./media_view";
import type { MediaEvent } from "./protocol";

/** A plot in pixels of its element, drawn anew when its item or its size has changed. */
abstract class PlotView implements MediaView {
  element = newSvg("media-plot");
  private drawn = "";

  show(item: MediaEvent, looks: Looks): boolean {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height) return true;
    const now = JSON.stringify([item.file, item.step, looks.items.length, width, height, looks.classes.key]);
    if (now === this.drawn) return true;
    const draw = this.prepare(item, looks);
    if (!draw) return false;
    this.drawn = now;
    this.element.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.element.setAttribute("aria-label", nameOf(item));
    this.element.replaceChildren();
    draw(width, height);
    return true;
  }

  protected abstract prepare(item: MediaEvent, looks: Looks): ((width: number, height: number) => void) | undefined;

  protected text(x: number, y: number, words: string, anchor: "start" | "middle" | "end" = "start", className = ""): SVGTextElement {
    const text = addSvg(this.element, "text", { x, y, "text-anchor": anchor, class: className });
    text.textContent = words;
    return text;
  }
}

const MARGIN = { left: 46, bottom: 18 };
const BARS = 0.24; // share of the width that the step's own bars have
const THINNEST = 2; // px of a bar: equal values among others that spread widely would not be seen

/** Counts of any run; a file from elsewhere may have a million, each of which would be an element. */
const isPlain = (counts: number[] | undefined): boolean => counts !== undefined && counts.length > 0 && counts.length <= 512;

/** A distribution over the steps as a map, and beside it the one of the step. */
export class HistogramView extends PlotView {
  protected prepare(item: MediaEvent, { items }: Looks) {
    return (width: number, height: number) => {
      const whole = items.filter(({ counts, low, high }) => isPlain(counts) && low !== undefined && high !== undefined);
      if (!isPlain(item.counts)) throw new Error("its counts make no sense");
      const [low, high] = [Math.min(...whole.map((one) => one.low!)), Math.max(...whole.map((one) => one.high!))];
      const bottom = height - MARGIN.bottom;
      const y = (value: number) => bottom - ((value - low) / (high - low || 1)) * (bottom - 6);
      const right = width * (1 - BARS) - 8;
      const columns = this.addMap(whole, y, [right, bottom], item);
      this.addBars(item, y, width * (1 - BARS), width);
      this.text(MARGIN.left - 6, y(high) + 8, brief(high), "end");
      this.text(MARGIN.left - 6, y(low), brief(low), "end");
      if (low < 0 && high > 0 && Math.min(y(0) - y(high), y(low) - y(0)) > 20) this.text(MARGIN.left - 6, y(0) + 4, "0", "end");
      this.text(MARGIN.left, height - 4, `step ${whole[0].step}`);
      if (columns > 1) this.text(right, height - 4, String(whole[whole.length - 1].step), "end");
      this.text(width, height - 4, `step ${item.step}`, "end");
    };
  }

  /** Returns how many columns there are. */
  private addMap(items: MediaEvent[], y: (value: number) => number, [right, bottom]: [number, number], now: MediaEvent): number {
    // Where there are more than can be seen, some are left out.
    const every = Math.max(1, Math.ceil(items.length / 120));
    const shown = items.filter((one, i) => i % every === 0 || one === now);
    const width = (right - MARGIN.left) / shown.length;
    shown.forEach((one, i) => {
      const most = Math.max(...one.counts!);
      const bin = (one.high! - one.low!) / one.counts!.length;
      const x = MARGIN.left + i * width;
      one.counts!.forEach((count, k) => {
        if (!count) return;
        const middle = y(one.low! + (k + 0.5) * bin);
        const height = Math.max(THINNEST, y(one.low!) - y(one.low! + bin) + 0.4);
        const rect = addSvg(this.element, "rect", { x, y: middle - height / 2, width: width + 0.4, height, class: "media-bin" });
        rect.setAttribute("fill-opacity", (0.08 + 0.92 * Math.sqrt(count / most)).toFixed(3));
      });
      if (one === now) addSvg(this.element, "rect", { x, y: 2, width, height: bottom - 2, class: "media-now" });
    });
    return shown.length;
  }

  private addBars({ counts = [], low = 0, high = 1 }: MediaEvent, y: (value: number) => number, left: number, right: number): void {
    const most = Math.max(...counts, 1);
    const bin = (high - low) / (counts.length || 1);
    if (y(low) - y(high) < THINNEST) {
      addSvg(this.element, "rect", { x: left, y: y(high) - THINNEST / 2, width: right - left, height: THINNEST, class: "media-bars" });
      return;
    }
    let path = `M${left} ${y(low)}`;
    counts.forEach((count, k) => {
      path += `H${left + (count / most) * (right - left)}V${y(low + (k + 1) * bin)}`;
    });
    addSvg(this.element, "path", { d: `${path}H${left}Z`, class: "media-bars" });
  }
}

const MOST_CLASSES = 100;

/** How often each class was taken for each other one: a row for each true class, as shares of it. */
export class ConfusionView extends PlotView {
  protected prepare(item: MediaEvent, { files, classes }: Looks) {
    const content = contentOf(item.file, files);
    if (!content) return undefined;
    const { labels, counts } = JSON.parse(textOf(content)) as { labels: string[]; counts: number[][] };
    if (labels.length > MOST_CLASSES || counts.length !== labels.length) throw new Error("its classes make no sense");
    return (width: number, height: number) => {
      const n = labels.length;
      const left = Math.min(90, width * 0.3);
      const cell = Math.min((width - left) / n, (height - MARGIN.bottom) / n);
      counts.forEach((row, i) => {
        const sum = row.reduce((a, b) => a + b, 0) || 1;
        row.forEach((count, k) => {
          const share = count / sum;
          const rect = addSvg(this.element, "rect", {
            x: left + k * cell,
            y: i * cell,
            width: cell - 1,
            height: cell - 1,
            class: "media-bin",
          });
          rect.setAttribute("fill-opacity", (0.06 + 0.94 * share).toFixed(3));
          addSvg(rect, "title").textContent = `${labels[i]} taken for ${labels[k]}: ${count} of ${sum}`;
          const isWide = cell > 7 * String(count).length + 4 && cell > 14;
          if (isWide) this.text(left + (k + 0.5) * cell, (i + 0.5) * cell + 4, String(count), "middle", share > 0.5 ? "media-inverse" : "");
        });
        this.addSwatch(left - 7, i * cell, cell - 1, classes.of(labels[i], labels));
        if (cell >= 11) this.text(left - 12, (i + 0.5) * cell + 4, truncate(labels[i], Math.floor((left - 8) / 7)), "end");
      });
      labels.forEach((label, k) => {
        if (cell >= 24) this.text(left + (k + 0.5) * cell, n * cell + 12, truncate(label, Math.floor(cell / 6.5)), "middle");
      });
      if (cell < 24) this.text(left, n * cell + 12, "predicted →");
    };
  }

  /** The colour that a class has in masks, boxes and points, beside its row. */
  private addSwatch(x: number, y: number, height: number, number: number): void {
    addSvg(this.element, "rect", { x, y, width: 4, height, class: "media-class" }).style.setProperty("--c", classColor(number));
  }
}

const SHAPES: ((x: number, y: number) => string)[] = [
  (x, y) => `M${x - 2.5} ${y}a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0`,
  (x, y) => `M${x - 2.3} ${y - 2.3}h4.6v4.6h-4.6z`,
  (x, y) => `M${x - 2.8} ${y + 2.3}h5.6l-2.8 -5z`,
  (x, y) => `M${x - 3} ${y}l3 -3l3 3l-3 3z`,
];

interface Points {
  x: number[];
  y: number[];
  label?: string[];
}

/** Points in a plane. Labels are told apart by colour and by shape. */
export class PointsView extends PlotView {
  protected prepare(item: MediaEvent, { files, classes }: Looks) {
    const content = contentOf(item.file, files);
    if (!content) return undefined;
    const { x, y, label } = JSON.parse(textOf(content)) as Points;
    return (width: number, height: number) => {
      const labels = label ? [...new Set(label)].sort((a, b) => a.localeCompare(b, "en", { numeric: true })) : [""];
      const legend = label ? Math.min(90, width * 0.3) : 0;
      const place = scale(x, 8, width - legend - 8);
      const rise = scale(y, height - 8, 8);
      labels.forEach((name, k) => {
        const shape = SHAPES[(k + Math.floor(k / 4)) % 4];
        const color = label ? classColor(classes.of(name, labels)) : "var(--train)";
        let d = "";
        x.forEach((value, i) => {
          if (!label || label[i] === name) d += shape(place(value), rise(y[i]));
        });
        this.addPoints(d, color);
        const at = 12 + 15 * k;
        if (!label || at > height - 4) return;
        this.addPoints(shape(width - legend + 6, at - 4), color);
        this.text(width - legend + 14, at, ending(name, Math.floor((legend - 16) / 6.6)));
      });
    };
  }

  private addPoints(d: string, color: string): void {
    addSvg(this.element, "path", { d, class: "media-points" }).style.setProperty("--c", color);
  }
}

/** The last characters of a name: its beginning is often that of its neighbours, too. */
const ending = (name: string, most: number): string => (name.length <= most ? name : `…${name.slice(1 - most)}`);

/** From the range of values to that of pixels. */
function scale(values: number[], from: number, to: number): (value: number) => number {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return (value) => Number((from + ((value - low) / (high - low || 1)) * (to - from)).toFixed(1));
}
