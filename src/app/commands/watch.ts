/** status --watch: a live view where there is a terminal, else one block of lines after another. */
import { terminalJson, terminalText } from "../terminal-text.js";
import type { Call } from "./context.js";
import { type QueueRow, type Status, statusLines } from "./text.js";
import { ratesBetween, screen } from "./watch-screen.js";

/** What of a process it needs. */
export interface Surroundings {
  readonly stdout: Pick<NodeJS.WriteStream, "isTTY" | "columns" | "rows" | "write" | "on" | "off">;
  readonly stdin: Pick<NodeJS.ReadStream, "isTTY" | "setRawMode" | "resume" | "pause" | "on" | "off">;
  readonly env: NodeJS.ProcessEnv;
  readonly json: boolean;
}

const INTERVAL = 1000;
const PLAIN_INTERVAL = 2000;

/** Another screen, so that what stood on the terminal is there again afterwards; no cursor. */
const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";
const CTRL_C = "\x03";

/** Resolves when the person ends it; rejects when the node does. */
export function watchStatus(call: Call, surroundings: Surroundings): Promise<void> {
  const { stdout, env, json } = surroundings;
  const isTerminal = stdout.isTTY === true && env["TERM"] !== undefined && env["TERM"] !== "dumb";
  return isTerminal && !json ? watchOnScreen(call, surroundings) : watchAsLines(call, surroundings);
}

/** Until a signal, or whoever reads it goes away. */
async function watchAsLines(call: Call, { stdout, json }: Surroundings): Promise<void> {
  let isOver = false;
  const over = new Promise<void>((resolve) => {
    // Stays: what is still to be written may fail as well.
    stdout.on("error", () => {
      isOver = true;
      resolve();
    });
  });
  while (!isOver) {
    const status = (await call("status")) as Status;
    stdout.write(json ? `${terminalJson(status)}\n` : `${terminalText(statusLines(status).join("\n"))}\n\n`);
    await pause(PLAIN_INTERVAL, over);
  }
}

async function watchOnScreen(call: Call, { stdout, stdin }: Surroundings): Promise<void> {
  const view = new ScreenView(call, stdout);
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const onKey = (chunk: Buffer | string) => {
    if (/[qQ]/.test(String(chunk)) || String(chunk).includes(CTRL_C)) end();
  };
  const onResize = () => view.draw();
  stdout.write(ENTER);
  stdout.on("resize", onResize);
  stdout.on("error", end);
  if (stdin.isTTY === true) {
    stdin.setRawMode(true);
    stdin.resume();
    stdin.on("data", onKey);
  }
  for (const signal of SIGNALS) process.once(signal, end);
  try {
    await view.run(ended);
  } finally {
    for (const signal of SIGNALS) process.off(signal, end);
    stdin.off("data", onKey);
    if (stdin.isTTY === true) stdin.setRawMode(false);
    stdin.pause();
    stdout.off("resize", onResize);
    stdout.write(LEAVE);
    stdout.off("error", end);
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

class ScreenView {
  #shown: Parameters<typeof screen>[0] | null = null;
  #looked = 0;

  constructor(
    private readonly call: Call,
    private readonly stdout: Surroundings["stdout"],
  ) {}

  async run(ended: Promise<void>): Promise<void> {
    let isOver = false;
    const over = ended.then(() => {
      isOver = true;
    });
    while (!isOver) {
      const look = this.#look();
      await Promise.race([look, over]);
      if (isOver) return void look.catch(() => {});
      this.draw();
      await pause(INTERVAL, over);
    }
  }

  /** Each line is written over what stood there, all in one piece: nothing is cleared that is written again, so nothing flickers. */
  draw(): void {
    if (this.#shown === null) return;
    const { columns = 80, rows = 24 } = this.stdout;
    const lines = screen(this.#shown, { columns, rows });
    this.stdout.write(
      `${HOME}${lines.map((line) => `${terminalText(line)}${CLEAR_LINE}`).join("\r\n")}${CLEAR_BELOW}`,
    );
  }

  async #look(): Promise<void> {
    const [status, queue] = (await Promise.all([
      this.call("status"),
      this.call("queue.list", { scope: "active" }),
    ])) as [Status, QueueRow[]];
    const now = performance.now();
    const rates = ratesBetween(this.#shown?.status ?? null, status, (now - this.#looked) / 1000);
    this.#looked = now;
    this.#shown = { status, queue, rates };
  }
}

/** So many milliseconds, or until then. */
async function pause(milliseconds: number, until: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([time, until]);
  clearTimeout(timer);
}
