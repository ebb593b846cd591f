/** Which blocks of `src` have run: V8's own block coverage, asked after a few inputs. */
import { type Profiler, Session } from "node:inspector";

type Range = readonly [start: number, end: number];

interface KnownFunction {
  readonly length: number;
  /** What of it has not run yet. */
  readonly idle: readonly Range[];
}

/** Parsers of others that decide what ours are given. */
const WATCHED = /\/src\/|\/node_modules\/(?:smol-toml|@msgpack|smtp-server|html-to-text|htmlparser2)\//;

export class Coverage {
  readonly #session = new Session();
  readonly #functions = new Map<string, KnownFunction>();
  /** What the last call of `grew` has changed, as it was before. */
  readonly #before = new Map<string, KnownFunction | undefined>();
  #blocksBefore = 0;
  blocks = 0;

  start(): void {
    this.#session.connect();
    this.#post("Profiler.enable");
    this.#post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  stop(): void {
    this.#session.disconnect();
  }

  /** Per cent of the functions entered that have run. */
  share(): number {
    let [all, idle] = [0, 0];
    for (const known of this.#functions.values()) {
      all += known.length;
      for (const [start, end] of known.idle) idle += end - start;
    }
    return all === 0 ? 0 : Math.round((1000 * (all - idle)) / all) / 10;
  }

  /** Whether blocks have run since the last call that had never run before. */
  grew(): boolean {
    const { result } = this.#post("Profiler.takePreciseCoverage") as Profiler.TakePreciseCoverageReturnType;
    this.#before.clear();
    this.#blocksBefore = this.blocks;
    for (const script of result) {
      if (!WATCHED.test(script.url)) continue;
      for (const { ranges } of script.functions) this.#note(script.scriptId, ranges);
    }
    return this.blocks > this.#blocksBefore;
  }

  /** Forgets what the last call of `grew` has found. */
  undo(): void {
    for (const [key, known] of this.#before)
      if (known) this.#functions.set(key, known);
      else this.#functions.delete(key);
    this.blocks = this.#blocksBefore;
  }

  #note(script: string, ranges: readonly Profiler.CoverageRange[]): void {
    const whole = ranges[0]!;
    if (whole.count === 0) return;
    const key = `${script}:${whole.startOffset}:${whole.endOffset}`;
    const idle = idleOf(ranges);
    const known = this.#functions.get(key);
    if (!known) {
      this.#before.set(key, known);
      this.#functions.set(key, { length: whole.endOffset - whole.startOffset, idle });
      this.blocks += 1;
      return;
    }
    if (known.idle.length === 0) return;
    const still = intersect(known.idle, idle);
    if (sizeOf(still) === sizeOf(known.idle)) return;
    this.blocks += Math.max(1, known.idle.length - still.length);
    this.#before.set(key, known);
    this.#functions.set(key, { length: known.length, idle: still });
  }

  #post(method: string, parameters: object = {}): unknown {
    let [failure, answer]: [Error | null, unknown] = [null, null];
    this.#session.post(method, parameters, (error: Error | null, result?: object) => {
      [failure, answer] = [error, result];
    });
    if (failure) throw failure;
    return answer;
  }
}

/** Ranges are nested: what counts is the innermost. */
function idleOf(ranges: readonly Profiler.CoverageRange[]): Range[] {
  const idle: Range[] = [];
  for (const { count, startOffset, endOffset } of ranges) {
    if (count > 0) continue;
    const last = idle.at(-1);
    if (last && startOffset < last[1]) continue;
    idle.push([startOffset, endOffset]);
  }
  return idle;
}

function intersect(left: readonly Range[], right: readonly Range[]): Range[] {
  const both: Range[] = [];
  for (let [one, other] = [0, 0]; one < left.length && other < right.length; ) {
    const [a, b] = [left[one]!, right[other]!];
    const [start, end] = [Math.max(a[0], b[0]), Math.min(a[1], b[1])];
    if (start < end) both.push([start, end]);
    if (a[1] < b[1]) one += 1;
    else other += 1;
  }
  return both;
}

function sizeOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [start, end]) => sum + end - start, 0);
}
