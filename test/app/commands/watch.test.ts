import { EventEmitter } from "node:events";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { QueueRow, Status } from "../../../src/app/commands/text.js";
import { type Surroundings, watchStatus } from "../../../src/app/commands/watch.js";
import { ratesBetween, screen } from "../../../src/app/commands/watch-screen.js";
import { STATUS } from "../../support/web-page/demo-data.js";

const row = (subject: string, progress: number | null = 0.5): QueueRow => ({
  id: "q1",
  kind: "msg",
  from: "BM-a",
  to: "BM-2cWLhrPMPJQrNSFEWXPPnG9XnnUjuQ2ka1",
  subject,
  state: "proof-of-work",
  created: 1,
  changed: 1,
  expires: null,
  attempts: 0,
  progress,
});
const shown = (queue: readonly QueueRow[]) => ({
  status: STATUS,
  queue,
  rates: { received: 1500, sent: 20, objects: 2 },
});

describe("the screen", () => {
  test("shows traffic, progress and peers", () => {
    const lines = screen(shown([row("News"), { ...row("old"), state: "acknowledged" }]), {
      columns: 120,
      rows: 40,
    });
    expect(lines.join("\n")).toMatch(/traffic {6}1\.5 kB\/s in, 20 B\/s out, 2\.0 objects\/s/);
    expect(lines.join("\n")).toMatch(/proof-of-work 50 % {2}\[#{12}\.{12}\] {2}BM-2cW\w+ {2}News/);
    expect(lines.join("\n")).toMatch(/PEERS 7\n203\.0\.113\.7:8444/);
    expect(lines.join("\n")).not.toContain("old");
    expect(lines.at(-1)).toBe("q to end");
  });

  test("is never wider or higher than the terminal, whatever others have written", () => {
    const size = fc.record({
      columns: fc.integer({ min: 1, max: 200 }),
      rows: fc.integer({ min: 1, max: 60 }),
    });
    fc.assert(
      fc.property(size, fc.array(fc.string({ unit: "binary" }), { maxLength: 40 }), (terminal, subjects) => {
        const lines = screen(shown(subjects.map((subject) => row(subject))), terminal);
        expect(lines.length).toBeLessThanOrEqual(terminal.rows);
        for (const line of lines) {
          expect([...line].length).toBeLessThanOrEqual(terminal.columns);
          expect(line).not.toMatch(/\p{Cc}/u);
        }
      }),
    );
  });

  test("what is wide takes two columns, and no subject moves the cursor", () => {
    const lines = screen(shown([row("\x1b[2J漢字漢字漢字")]), { columns: 80, rows: 40 });
    const line = lines.find((one) => one.includes("?[2J")) ?? "";
    expect(line.length + [...line].filter((character) => character > "\u2e80").length).toBeLessThanOrEqual(
      80,
    );
  });

  test("rates need two looks at one node", () => {
    const later: Status = {
      ...STATUS,
      traffic: { ...STATUS.traffic, bytes_received: STATUS.traffic.bytes_received + 4000 },
    };
    expect(ratesBetween(null, STATUS, 1)).toBeNull();
    expect(ratesBetween(STATUS, later, 2)).toEqual({ received: 2000, sent: 0, objects: 0 });
    expect(ratesBetween(STATUS, { ...later, uptime_seconds: 1 }, 2)).toBeNull();
  });
});

class Terminal extends EventEmitter {
  readonly written: string[] = [];
  columns = 100;
  rows = 20;
  raw = false;
  /** Called at each write. */
  onWrite: () => void = () => {};

  constructor(readonly isTTY: boolean) {
    super();
  }

  write(text: string): boolean {
    this.written.push(text);
    this.onWrite();
    return true;
  }

  setRawMode(raw: boolean): this {
    this.raw = raw;
    return this;
  }
  resume(): this {
    return this;
  }
  pause(): this {
    return this;
  }
}

function surroundings(terminal: Terminal, TERM: string | undefined, json = false): Surroundings {
  return { stdout: terminal, stdin: terminal, env: { TERM }, json } as unknown as Surroundings;
}

const call = async (method: string) => (method === "status" ? STATUS : [row("News")]);

describe("the view", () => {
  test("draws over itself on a screen of its own, anew when the window changes, and leaves the terminal as it was", async () => {
    const terminal = new Terminal(true);
    const watching = watchStatus(call, surroundings(terminal, "xterm-256color"));
    await new Promise<void>((resolve) => {
      terminal.onWrite = resolve;
    });
    expect(terminal.raw).toBe(true);
    terminal.columns = 30;
    terminal.emit("resize");
    const drawn = terminal.written.slice(1);
    expect(drawn).toHaveLength(2);
    for (const text of drawn) expect(text).toMatch(/^\x1b\[H[^\x1b]*\x1b\[K\r\n/);
    expect(drawn.join("")).not.toContain("\x1b[2J");
    terminal.emit("data", Buffer.from("q"));
    await watching;
    expect(terminal.written[0]).toBe("\x1b[?1049h\x1b[?25l");
    expect(terminal.written.at(-1)).toBe("\x1b[?25h\x1b[?1049l");
    expect(terminal.raw).toBe(false);
    expect([...terminal.eventNames()]).toEqual([]);
  });

  test("leaves the terminal as it was when the node ends", async () => {
    const terminal = new Terminal(true);
    const failing = () => Promise.reject(new Error("the node ended"));
    await expect(watchStatus(failing, surroundings(terminal, "xterm"))).rejects.toThrow("the node ended");
    expect(terminal.written).toEqual(["\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"]);
  });

  test.each([
    ["no terminal", false, "xterm", false],
    ["a terminal that can do nothing", true, "dumb", false],
    ["a terminal that nobody knows", true, undefined, false],
    ["a program", true, "xterm", true],
  ])("is plain lines for %s", async (_name, isTTY, term, json) => {
    const terminal = new Terminal(isTTY);
    let looks = 0;
    const ending = async (method: string) => {
      if (looks++ > 0) throw new Error("the node ended");
      return call(method);
    };
    // The next look comes after two seconds; what is written until then tells.
    const watching = watchStatus(ending, surroundings(terminal, term, json));
    await new Promise<void>((resolve) => {
      terminal.onWrite = resolve;
    });
    terminal.emit("error", new Error("EPIPE"));
    await watching;
    expect(terminal.written).toHaveLength(1);
    expect(terminal.written[0]).not.toContain("\x1b");
    expect(terminal.written[0]).toMatch(json ? /^\{.*\}\n$/ : /^up {11}3 d/);
  });
});
