/** A clock that several threads share. It moves only when it is read, by a millisecond, or told to move on. */
const START = Date.parse("2026-11-01T10:00:00.000Z");
const MINUTE_MS = 60_000;

export class SharedClock {
  /** What another thread makes the same clock of. */
  readonly memory: SharedArrayBuffer;
  /** How often it was read, and how many minutes it was moved on. */
  readonly #cells: Int32Array;
  /** In this thread: who waits for which reading. */
  #waiting: { reading: number; resolve(): void }[] = [];

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#cells = new Int32Array(memory);
  }

  /** The time, ISO 8601 UTC. No two readings are the same: what came later has a later time. */
  now(): string {
    const readings = Atomics.add(this.#cells, 0, 1) + 1;
    for (const { reading, resolve } of this.#waiting) if (reading <= readings) resolve();
    this.#waiting = this.#waiting.filter(({ reading }) => reading > readings);
    return new Date(START + readings + Atomics.load(this.#cells, 1) * MINUTE_MS).toISOString();
  }

  moveOn(minutes: number): void {
    Atomics.add(this.#cells, 1, minutes);
  }

  /** Resolves when it has been read so many times more, the last time in this thread. */
  async after(readings: number): Promise<void> {
    const reading = Atomics.load(this.#cells, 0) + readings;
    if (readings > 0) await new Promise<void>((resolve) => this.#waiting.push({ reading, resolve }));
  }
}
