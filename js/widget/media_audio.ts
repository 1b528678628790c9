import { add } from "./dom";
import { addSvg, contentOf, type Looks, type MediaView, nameOf, newSvg } from "./media_view";
import type { MediaEvent } from "./protocol";

const HEAD = 44; // bytes before the samples, in a WAV file as a run writes it
const COLUMNS = 300;

/** A waveform over a player. */
export class AudioView implements MediaView {
  element = document.createElement("div");
  private wave = newSvg("media-wave");
  private player: HTMLAudioElement;
  private file = "";

  constructor() {
    this.element.className = "media-audio";
    this.element.append(this.wave);
    this.player = add(this.element, "audio");
    this.player.controls = true;
    this.player.preload = "metadata";
  }

  show(item: MediaEvent, { files }: Looks): boolean {
    const content = contentOf(item.file, files);
    if (!content) return false;
    if (this.file === item.file) return true;
    this.file = item.file!;
    this.player.src = content.url;
    this.player.setAttribute("aria-label", nameOf(item));
    this.wave.setAttribute("aria-hidden", "true");
    this.wave.setAttribute("viewBox", `0 -1 ${COLUMNS} 2`);
    this.wave.setAttribute("preserveAspectRatio", "none");
    this.wave.replaceChildren();
    addSvg(this.wave, "path", { d: waveform(content.bytes) });
    return true;
  }

  dispose(): void {
    this.player.pause();
  }
}

/** The lowest and the highest sample of each column, as a path. */
export function waveform(wav: Uint8Array<ArrayBuffer>, columns = COLUMNS): string {
  const samples = new Int16Array(wav.buffer.slice(wav.byteOffset + HEAD, wav.byteOffset + HEAD + ((wav.length - HEAD) & ~1)));
  let path = "";
  for (let i = 0; i < columns && samples.length; i++) {
    const from = Math.floor((i * samples.length) / columns);
    const to = Math.max(from + 1, Math.floor(((i + 1) * samples.length) / columns));
    let [low, high] = [Infinity, -Infinity];
    for (let k = from; k < to; k++) {
      if (samples[k] < low) low = samples[k];
      if (samples[k] > high) high = samples[k];
    }
    path += `M${i + 0.5} ${(-high / 32768 - 0.01).toFixed(3)}V${(-low / 32768 + 0.01).toFixed(3)}`;
  }
  return path;
}
