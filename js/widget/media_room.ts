const PLACE = "trainbook.media";
const MOST = 100; // names of runs that are remembered

/**
 * Whether what a run shows has room in the panel. A panel keeps its height while it trains, so there is room from the beginning if a run
 * of this name has shown something before. Else the first thing shown is only told, beside a button that makes room.
 */
export class MediaRoom {
  isOpen: boolean;
  /** Whether the panel has the part that would take it. */
  hasPart = false;
  /** Whether there is a place where it is told; without one, nobody could ask for room. */
  hasNotice = false;
  private isClosed = false;
  private isHeardOf = false;
  private isRemembered: boolean;

  constructor(private runName: string) {
    this.isOpen = this.isRemembered = recall().includes(runName);
  }

  /** A person wants it so. */
  set(isOpen: boolean): void {
    this.isOpen = isOpen;
    this.isClosed = !isOpen;
    this.remember(isOpen);
  }

  /** Takes in whether anything has been shown, and whether the run may show more. */
  update(isAny: boolean, isLive: boolean): void {
    const isFirst = !this.isHeardOf;
    this.isHeardOf = true;
    const mayGrow = isFirst || !isLive; // the panel has just come, or the training is over
    if (!this.hasNotice || (isAny && mayGrow && !this.isClosed)) this.isOpen = true;
    if (isAny && this.isOpen) this.remember(true);
    if (!isAny && !isLive) this.remember(false);
  }

  private remember(isWanted: boolean): void {
    if (isWanted === this.isRemembered) return;
    this.isRemembered = isWanted;
    const names = recall().filter((name) => name !== this.runName);
    if (isWanted) names.push(this.runName);
    try {
      localStorage.setItem(PLACE, JSON.stringify(names.slice(-MOST)));
    } catch {
      // It is full, or not allowed here: the next run has no room from the beginning.
    }
  }
}

/** The names of runs that have shown something. */
function recall(): string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(PLACE) ?? "[]");
    return Array.isArray(found) ? found.filter((name): name is string => typeof name === "string") : [];
  } catch {
    return [];
  }
}
