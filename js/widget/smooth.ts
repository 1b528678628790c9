/** Exponential moving average with the bias correction of Adam (Kingma & Ba 2015), one value at a time. */
export class Ema {
  private sum = 0;
  private weight = 0;

  constructor(readonly beta: number) {}

  /** A NaN or an infinity is handed back but not remembered: one of them would poison all that follow. */
  next(value: number): number {
    if (!Number.isFinite(value)) return value;
    this.sum = this.beta * this.sum + (1 - this.beta) * value;
    this.weight = this.beta * this.weight + (1 - this.beta);
    return this.sum / this.weight;
  }

  /** How many values back one still weighs a thousandth of the newest. */
  get memory(): number {
    return Math.ceil(Math.log(0.001) / Math.log(this.beta));
  }
}
