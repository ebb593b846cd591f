// What a soak measures: times of what people wait for, and what the process takes of the machine.
import { appendFileSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const TICKS = 100;

export class Readings {
  #times = new Map();
  #failures = new Map();
  #lastProcessor = null;

  constructor({ directory, log }) {
    this.directory = directory;
    this.log = log;
  }

  /** Runs it and notes its milliseconds. */
  async time(kind, run) {
    const began = performance.now();
    const result = await run();
    this.note(kind, performance.now() - began);
    return result;
  }

  note(kind, milliseconds) {
    if (!this.#times.has(kind)) this.#times.set(kind, []);
    this.#times.get(kind).push(milliseconds);
  }

  failure(text) {
    this.#failures.set(text, (this.#failures.get(text) ?? 0) + 1);
  }

  /** Writes a line for the time since the last one. @param status of `bmbridge status --json` */
  write(minute, pid, status) {
    const line = {
      minute,
      ...this.#process(pid),
      ...this.#files(),
      objects: status.inventory,
      peers: status.peers.length,
      queue: status.queue,
      milliseconds: Object.fromEntries([...this.#times].map(([kind, times]) => [kind, summary(times)])),
      failures: Object.fromEntries(this.#failures),
    };
    this.#times.clear();
    this.#failures.clear();
    appendFileSync(this.log, `${JSON.stringify(line)}\n`);
    return line;
  }

  #process(pid) {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const bytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)[1]) * 1024;
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    const processor = (Number(fields[11]) + Number(fields[12])) / TICKS;
    const now = performance.now() / 1000;
    const last = this.#lastProcessor;
    this.#lastProcessor = { processor, now };
    return {
      resident: bytes("VmRSS"),
      own: bytes("RssAnon"),
      threads: Number(/^Threads:\s+(\d+)/m.exec(status)[1]),
      files: readdirSync(`/proc/${pid}/fd`).length,
      processorShare: last === null ? null : (processor - last.processor) / (now - last.now),
    };
  }

  #files() {
    const size = (name) => statSync(join(this.directory, name), { throwIfNoEntry: false })?.size ?? 0;
    return { database: size("bmbridge.sqlite"), wal: size("bmbridge.sqlite-wal") };
  }
}

function summary(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] * 10) / 10;
  return { count: times.length, p50: at(0.5), p99: at(0.99) };
}
