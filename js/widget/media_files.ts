import type { MediaFile } from "./protocol";

const MOST_BYTES = 24 * 2 ** 20;
/** Of those seen just now none is given up, however many they are: they would be asked for again at once, and so on. */
const SEEN = 2000; // ms
/** Files asked for at a time: who moves a slider past a hundred pictures wants the last of them soon. */
const AT_A_TIME = 4;

export interface Content {
  /** None of a picture, which is shown by its `url` only: it would be held twice. */
  bytes: Uint8Array<ArrayBuffer>;
  size: number;
  /** When it was shown last, in ms. */
  seen: number;
  /** Why there is no content. */
  problem: string | null;
  /** Under which an image or a sound can be shown. */
  url: string;
}

const TYPES = new Map([
  ["png", "image/png"],
  ["wav", "audio/wav"],
]);

/** The files of `media/` that were shown last. One that is not there is asked for, and `changed` is called when it has come. */
export class MediaFiles {
  /** The one that was shown last is at the end. */
  private held = new Map<string, Content>();
  private asked = new Set<string>();
  private size = 0;

  constructor(
    private ask: (file: string) => void,
    private changed: () => void,
    private now: () => number = () => performance.now(),
  ) {}

  get(file: string): Content | undefined {
    const content = this.held.get(file);
    if (content) {
      content.seen = this.now();
      this.held.delete(file);
      this.held.set(file, content);
    } else if (!this.asked.has(file) && this.asked.size < AT_A_TIME) {
      this.asked.add(file);
      this.ask(file);
    }
    return content;
  }

  receive({ file, problem }: MediaFile, buffer: DataView | ArrayBuffer | undefined): void {
    this.asked.delete(file);
    if (!this.held.has(file)) this.hold(file, problem, copyOf(buffer));
    this.changed();
  }

  /** What was asked for before the connection was lost. */
  askAgain(): void {
    this.asked.clear();
  }

  dispose(): void {
    for (const { url } of this.held.values()) URL.revokeObjectURL(url);
    this.held.clear();
  }

  private hold(file: string, problem: string | null, bytes: Uint8Array<ArrayBuffer>): void {
    // The type is ours, never what the file or its name says: an SVG or a page could run scripts.
    const type = TYPES.get(file.slice(file.lastIndexOf(".") + 1));
    const url = type && !problem ? URL.createObjectURL(new Blob([bytes], { type })) : "";
    const size = bytes.length;
    this.held.set(file, { bytes: type === "image/png" ? new Uint8Array() : bytes, size, seen: this.now(), problem, url });
    this.size += size;
    for (const [old, content] of this.held) {
      if (this.size <= MOST_BYTES || content.seen > this.now() - SEEN) break;
      this.held.delete(old);
      this.size -= content.size;
      URL.revokeObjectURL(content.url);
    }
  }
}

/** A buffer may be a part of a whole message, which would be kept with it. */
function copyOf(buffer: DataView | ArrayBuffer | undefined): Uint8Array<ArrayBuffer> {
  if (!buffer) return new Uint8Array();
  return buffer instanceof DataView
    ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength).slice()
    : new Uint8Array(buffer.slice(0));
}
