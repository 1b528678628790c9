import type { Copyable } from "./copyable";
import { oneLine } from "./format";
import { color } from "./theme";

const HEAD = 22; // px above the plot, for the names of its lines
const FONT = "12px system-ui, sans-serif";

/** The image of a chart, with the names of its lines, on the panel's background. Raises if there is none. */
export function imageOf({ canvas, box, lines }: Copyable): Promise<Blob> {
  if (!canvas) throw new Error("nothing is drawn yet");
  const px = devicePixelRatio;
  const image = document.createElement("canvas");
  [image.width, image.height] = [canvas.width, canvas.height + HEAD * px];
  const ctx = image.getContext("2d")!;
  ctx.fillStyle = color(box, "--bg");
  ctx.fillRect(0, 0, image.width, image.height);
  ctx.drawImage(canvas, 0, HEAD * px);
  ctx.scale(px, px);
  ctx.font = FONT;
  ctx.textBaseline = "middle";
  let x = 12;
  for (const line of lines) {
    const name = oneLine(line.series.name);
    ctx.fillStyle = color(box, line.color);
    ctx.fillRect(x, HEAD / 2 - 1, 14, 2);
    ctx.fillStyle = color(box, "--ink");
    ctx.fillText(name, x + 19, HEAD / 2);
    x += 19 + ctx.measureText(name).width + 18;
  }
  return new Promise((resolve, reject) => image.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the image is too large")))));
}
