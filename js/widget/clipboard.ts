const MOST = 2e6; // characters; a clipboard with more would block the page

/** Puts a text into the clipboard, or where that is not possible into a file. Returns what it did, in words. */
export async function copyText(text: string, name: string): Promise<string> {
  try {
    if (text.length > MOST) throw new RangeError("too long for a clipboard");
    await navigator.clipboard.writeText(text);
    return "copied";
  } catch {
    return save(new Blob([text], { type: "text/plain" }), name);
  }
}

/** The same with an image. */
export async function copyImage(image: Blob, name: string): Promise<string> {
  try {
    await navigator.clipboard.write([new ClipboardItem({ [image.type]: image })]);
    return "copied";
  } catch {
    return save(image, name);
  }
}

/** A page without a secure connection has no clipboard, and some hosts forbid it. */
function save(content: Blob, name: string): string {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  return `saved as ${name}`;
}
