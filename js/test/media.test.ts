import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Classes, classColor } from "../widget/classes";
import { waveform } from "../widget/media_audio";
import { labelsOf } from "../widget/media_boxes";
import { MediaFiles } from "../widget/media_files";
import { sizeOf } from "../widget/media_image";
import { MediaLook } from "../widget/media_look";
import { MediaRoom } from "../widget/media_room";
import { itemAt, Place, stepsOf } from "../widget/media_steps";
import { magnified, moved, whole } from "../widget/media_zoom";
import type { MediaEvent } from "../widget/protocol";
import colors from "./class_colors.json";

const item = (step: number, more: Partial<MediaEvent> = {}): MediaEvent => ({
  event: "media",
  time: 1,
  name: "it",
  kind: "text",
  step,
  ...more,
});

describe("steps", () => {
  test("of all names, each once", () =>
    assert.deepEqual(
      stepsOf([
        [item(3), item(10)],
        [item(3), item(7)],
      ]),
      [3, 7, 10],
    ));

  test("what was shown last before a step, the later of two at one step", () => {
    const items = [item(3), item(7, { file: "a" }), item(7, { file: "b" }), item(10)];
    assert.equal(itemAt(items, 2), undefined);
    assert.equal(itemAt(items, 8)?.file, "b");
    assert.equal(itemAt(items, 99)?.step, 10);
  });

  test("a place at the end goes with the newest, another one stays", () => {
    const place = new Place();
    assert.equal(place.at([1, 2]), 2);
    assert.equal(place.at([1, 2, 3]), 3);
    place.goTo(0, [1, 2, 3]);
    assert.equal(place.at([1, 2, 3, 4]), 1);
    assert.equal(place.isNewest, false);
    place.goTo(99, [1, 2, 3, 4]);
    assert.equal(place.at([1, 2, 3, 4, 5]), 5);
  });

  test("a place whose step is not in the list is at the one before", () => {
    const place = new Place();
    place.goTo(1, [1, 5, 9]);
    assert.equal(place.at([1, 4, 9]), 4);
    assert.equal(place.at([7, 9]), 7);
  });
});

describe("files", () => {
  const made = () => {
    const asked: string[] = [];
    let changes = 0;
    const clock = { now: 0 };
    const files = new MediaFiles(
      (file) => asked.push(file),
      () => changes++,
      () => clock.now,
    );
    const answer = (file: string, bytes = 3, problem: string | null = null) =>
      files.receive({ kind: "media", file, problem }, new DataView(new ArrayBuffer(bytes)));
    return { files, asked, answer, clock, changes: () => changes };
  };

  test("are asked for once, and held", () => {
    const { files, asked, answer, changes } = made();
    assert.equal(files.get("a.png"), undefined);
    assert.equal(files.get("a.png"), undefined);
    answer("a.png");
    assert.deepEqual([asked, changes()], [["a.png"], 1]);
    assert.deepEqual([files.get("a.png")?.size, files.get("a.png")?.bytes.length], [3, 0]);
    assert.match(files.get("a.png")!.url, /^blob:/);
    files.dispose();
  });

  test("a few at a time", () => {
    const { files, asked, answer } = made();
    for (let i = 0; i < 10; i++) files.get(`${i}.png`);
    assert.equal(asked.length, 4);
    answer("0.png");
    files.get("9.png");
    assert.deepEqual(asked[asked.length - 1], "9.png");
    files.dispose();
  });

  test("those shown longest ago go first", () => {
    const { files, asked, answer, clock } = made();
    for (const name of ["a", "b", "c"]) {
      files.get(name);
      answer(name, 10 * 2 ** 20);
      clock.now += 5000;
      files.get("a");
    }
    assert.ok(files.get("a") && files.get("c"));
    assert.equal(files.get("b"), undefined);
    assert.deepEqual(asked, ["a", "b", "c", "b"]);
    files.dispose();
  });

  test("none of those that are seen side by side, however large they are", () => {
    const { files, asked, answer } = made();
    for (const name of ["a", "b", "c", "d"]) {
      files.get(name);
      answer(name, 10 * 2 ** 20);
    }
    for (const name of ["a", "b", "c", "d"]) assert.ok(files.get(name));
    assert.equal(asked.length, 4);
    files.dispose();
  });

  test("only what is a picture or a sound gets an address, of our type", () => {
    const { files, answer } = made();
    for (const name of ["x.txt", "x.json", "x.svg", "x.html", "constructor"]) {
      answer(name);
      assert.equal(files.get(name)?.url, "");
    }
    answer("x.png", 0, "it is gone");
    assert.deepEqual([files.get("x.png")?.url, files.get("x.png")?.problem], ["", "it is gone"]);
    files.dispose();
  });

  test("what was asked for is asked for again when the kernel is back", () => {
    const { files, asked } = made();
    files.get("a");
    files.askAgain();
    files.get("a");
    assert.deepEqual(asked, ["a", "a"]);
  });
});

describe("zoom", () => {
  test("is never less than the whole, nor beside it", () => {
    assert.deepEqual(magnified(whole(), 0.5), whole());
    assert.deepEqual(moved(whole(), 1, 1), whole());
    const near = moved(magnified(whole(), 4), 1, -9);
    assert.deepEqual(near, { factor: 4, x: 0.75, y: 0 });
    assert.deepEqual(magnified(near, 0.1), whole());
    assert.equal(magnified(near, 1e9).factor, 64);
  });
});

test("a sheet is as large as its rows and columns", () => {
  assert.deepEqual(sizeOf(item(1, { width: 28, height: 20, count: 7, columns: 3 })), [84, 60]);
  assert.deepEqual(sizeOf(item(1, { width: 28, height: 20 })), [28, 20]);
});

test("a waveform has the highest and the lowest sample of each column", () => {
  const wav = new Uint8Array(44 + 8);
  new Int16Array(wav.buffer, 44).set([0, 16384, -32768, 0]);
  assert.equal(waveform(wav, 2), "M0.5 -0.510V0.010M1.5 -0.010V1.010");
  assert.equal(waveform(new Uint8Array(44)), "");
});

describe("what is looked at", () => {
  const shown = new Map([
    ["a", [item(10), item(20), item(30)]],
    ["b", [item(15)]],
  ]);
  const looking = (): MediaLook => Object.assign(new MediaLook(), { isSeen: true });
  const marked = (look: MediaLook) => look.marks(shown).map(({ step, label }) => `${label} ${step}`);

  test("is not marked while it is just what came last", () => assert.deepEqual(marked(looking()), []));

  test("is marked at another step, and at the newest while the slider is in use", () => {
    const look = looking();
    look.goTo(17, shown);
    assert.deepEqual(marked(look), ["media 15"]);
    look.goTo(99, shown);
    assert.deepEqual(marked(look), []);
    look.isHeld = true;
    assert.deepEqual(marked(look), ["media 30"]);
  });

  test("is nothing where no one sees it", () => {
    const look = new MediaLook();
    assert.equal(look.goTo(17, shown), false);
    assert.deepEqual(marked(look), []);
  });

  test("is of what is large, and compared with the newest", () => {
    const look = looking();
    look.enlarge("a", shown);
    look.goTo(17, shown);
    look.compare(true, shown);
    assert.deepEqual(marked(look), ["A 10", "B 30"]);
    look.enlarge(null, shown);
    assert.deepEqual(marked(look), []);
  });
});

describe("room in the panel", () => {
  const kept = new Map<string, string>();
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value) };
  const roomOf = (name: string, hasNotice = true): MediaRoom => {
    Object.assign(globalThis, { localStorage: storage });
    return Object.assign(new MediaRoom(name), { hasNotice });
  };

  test("is asked for by a run that nobody knows, and there at once for the next one", () => {
    kept.clear();
    const first = roomOf("gan");
    first.update(false, true);
    first.update(true, true);
    assert.equal(first.isOpen, false); // the panel keeps its height while it trains
    first.update(true, false);
    assert.equal(first.isOpen, true); // it has ended
    assert.equal(roomOf("gan").isOpen, true);
    assert.equal(roomOf("other").isOpen, false);
  });

  test("is there for a panel that begins with something shown, and where nobody could ask for it", () => {
    kept.clear();
    const late = roomOf("late");
    late.update(true, true);
    assert.equal(late.isOpen, true);
    const alone = roomOf("alone", false);
    alone.update(false, true);
    assert.equal(alone.isOpen, true);
  });

  test("is what a person says, and forgotten where nothing was shown", () => {
    kept.clear();
    const room = roomOf("gan");
    room.update(false, true);
    room.set(true);
    assert.equal(roomOf("gan").isOpen, true);
    room.update(false, false);
    assert.equal(roomOf("gan").isOpen, false);
    room.set(false);
    room.update(true, false);
    assert.equal(room.isOpen, false);
  });

  test("is remembered for a hundred names, whatever else is in the store", () => {
    kept.set("trainbook.media", "{");
    for (let i = 0; i < 150; i++) roomOf(`run ${i}`).set(true);
    assert.equal(JSON.parse(kept.get("trainbook.media")!).length, 100);
  });
});

describe("classes", () => {
  test("have the colours of the masks", () =>
    assert.deepEqual(
      colors.map((_, i) => classColor(i)),
      colors.map((rgb) => `rgb(${rgb.join(" ")})`),
    ));

  test("have one number wherever they are named", () => {
    const classes = new Classes([item(1, { labels: ["none", "cat", "dog"] }), item(2, { labels: ["cat"] })]);
    assert.equal(classes.of("dog", ["cat", "dog"]), 2);
    assert.equal(classes.of("cat", []), 1);
    assert.equal(classes.of("17", []), 17);
    assert.equal(classes.of("cow", ["ant", "cow"]), 2); // nobody numbered it
  });

  test("of boxes are named once, of the images on the sheet", () => {
    const at = [0, 0, 1, 1] as [number, number, number, number];
    assert.deepEqual(labelsOf(item(1, { count: 1 }), [[{ at, label: "dog" }, { at, label: "cat" }, { at }], [{ at, label: "cow" }]]), [
      "cat",
      "dog",
    ]);
  });
});
