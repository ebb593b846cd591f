/** Mutates what is known, runs it, and keeps what reaches code that nothing before it has reached. */
import { Coverage } from "./coverage.js";
import { type Material, mutate, pump } from "./mutate.js";
import { createRandom, type Random } from "./random.js";
import type { FuzzTarget } from "./target.js";

export interface FuzzOptions {
  readonly target: FuzzTarget;
  readonly seed: number;
  readonly count: number;
  /** Inputs of earlier runs, besides the target's seeds. */
  readonly corpus: readonly Uint8Array[];
  /** With V8's coverage, which guides; without it only the seeds are mutated. */
  readonly guided: "guided" | "blind";
  /** Inputs of that many octets, which are one word again and again, in place of mutations. */
  readonly pumped?: number;
  /** Called before each input, which may be the last. */
  readonly watch?: (input: Uint8Array) => void;
  readonly progress?: (inputs: number, report: FuzzReport) => void;
  /** Whether to go on: asked now and then. */
  readonly goOn?: () => boolean;
}

export interface FuzzFailure {
  readonly input: Uint8Array;
  readonly error: string;
}

export interface FuzzReport {
  inputs: number;
  octets: number;
  /** Blocks of code that have run, and per cent of the functions entered. */
  blocks: number;
  share: number;
  /** Milliseconds. */
  slowest: number;
  readonly failures: FuzzFailure[];
  /** Inputs that reached something new, in this order. */
  readonly kept: Uint8Array[];
}

const PATIENCE = 200;
const MOST_FAILURES = 20;

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const coverage = options.guided === "guided" ? new Coverage() : null;
  coverage?.start();
  try {
    return await new Loop(options, coverage).run();
  } finally {
    coverage?.stop();
    await options.target.close?.();
  }
}

class Loop {
  readonly #options: FuzzOptions;
  readonly #coverage: Coverage | null;
  readonly #random: Random;
  readonly #pool: Uint8Array[];
  readonly #report: FuzzReport = {
    inputs: 0,
    octets: 0,
    blocks: 0,
    share: 0,
    slowest: 0,
    failures: [],
    kept: [],
  };

  constructor(options: FuzzOptions, coverage: Coverage | null) {
    this.#options = options;
    this.#coverage = coverage;
    this.#random = createRandom(options.seed);
    this.#pool = [...options.target.seeds, ...options.corpus];
  }

  async run(): Promise<FuzzReport> {
    const { count, progress, goOn } = this.#options;
    const report = this.#report;
    for (const input of this.#pool.slice()) {
      await this.#try(input);
      if (this.#coverage?.grew()) report.kept.push(input);
    }
    let batch: Uint8Array[] = [];
    let began = performance.now();
    while (report.inputs < count && report.failures.length < MOST_FAILURES) {
      const input = this.#next();
      batch.push(input);
      await this.#try(input);
      if (batch.length < 64 && performance.now() - began < 5) continue;
      if (this.#coverage?.grew()) await this.#keepNew(batch, this.#coverage);
      batch = [];
      if (progress && report.inputs % 1000 < 64) progress(report.inputs, this.#told());
      if (goOn && !goOn()) break;
      began = performance.now();
    }
    return this.#told();
  }

  #told(): FuzzReport {
    this.#report.blocks = this.#coverage?.blocks ?? 0;
    this.#report.share = this.#coverage?.share() ?? 0;
    return this.#report;
  }

  #next(): Uint8Array {
    const random = this.#random;
    const { target, pumped } = this.#options;
    const words = target.words ?? [];
    if (pumped) return pump(random, random.pick(this.#pool), { pool: this.#pool, words, longest: pumped });
    const longest = target.longest ?? 4096;
    if (target.generate && random.once(2)) return target.generate(random).slice(0, longest);
    const material: Material = { pool: this.#pool, words, longest };
    // What was found last has been tried least.
    const recent = Math.max(8, this.#pool.length >> 3);
    const among = random.once(2) ? this.#pool.slice(-recent) : this.#pool;
    return mutate(random, random.pick(among), material);
  }

  /** Runs these again, one by one, to see which of them has reached new code. */
  async #keepNew(batch: readonly Uint8Array[], coverage: Coverage): Promise<void> {
    coverage.undo();
    for (const input of batch) {
      await this.#try(input);
      if (!coverage.grew()) continue;
      this.#pool.push(input);
      this.#report.kept.push(input);
    }
  }

  async #try(input: Uint8Array): Promise<void> {
    const { target, watch } = this.#options;
    const report = this.#report;
    watch?.(input);
    report.inputs += 1;
    report.octets += input.length;
    const began = performance.now();
    try {
      const running = target.run(input);
      if (running instanceof Promise) await running;
    } catch (error) {
      this.#fail(input, String((error as Error).stack ?? error).slice(0, 2000));
    }
    const took = performance.now() - began;
    if (took > report.slowest) report.slowest = Math.round(took);
    const patience = target.patience ?? PATIENCE;
    if (took > patience && (await this.#isSlow(input, patience)))
      this.#fail(input, `took ${Math.round(took)} ms`);
  }

  /** Processor time, twice more: the machine may have been busy. */
  async #isSlow(input: Uint8Array, patience: number): Promise<boolean> {
    for (let times = 0; times < 2; times++) {
      const before = process.cpuUsage();
      try {
        await this.#options.target.run(input);
      } catch {}
      const { user, system } = process.cpuUsage(before);
      if ((user + system) / 1000 < patience) return false;
    }
    return true;
  }

  #fail(input: Uint8Array, error: string): void {
    const kind = kindOf(error);
    if (this.#report.failures.some((known) => kindOf(known.error) === kind)) return;
    this.#report.failures.push({ input, error });
  }
}

/** The message without what is particular in it, and where it was thrown. */
function kindOf(error: string): string {
  const [message = "", ...frames] = error.split("\n");
  const where = frames.find((line) => /^\s+at /.test(line)) ?? "";
  return `${message.replace(/\d+/g, "0").slice(0, 40)} ${where}`;
}
