import { spawn } from "node:child_process";
import { killGroup } from "./process-group.js";
import {
  type OutboundMail,
  onAbort,
  oneLine,
  type Receipt,
  type Transport,
  TransportError,
} from "./transport.js";

export interface CommandTransportOptions {
  /** The program's absolute path and its arguments. No shell reads them. */
  readonly command: readonly [string, ...string[]];
  /** Milliseconds after which the program is killed. */
  readonly timeLimit: number;
  /** The only variables that the program sees beside those that tell of the mail. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Octets of the program's error output that are kept to explain a failure. */
const KEPT_OUTPUT = 2000;

/**
 * Exit statuses after which trying again is pointless: EX_DATAERR, EX_NOUSER, EX_NOPERM of sysexits.h and qmail's 100. All others may
 * come from a program that is missing, misconfigured or killed, which can be mended.
 */
const PERMANENT: ReadonlySet<number> = new Set([65, 67, 77, 100]);

/** To a program, which reads the mail on its standard input. Exit status 0: it has taken it. */
export function createCommandTransport(options: CommandTransportOptions): Transport {
  return { deliver: (mail, signal) => run(options, mail, signal) };
}

function run(options: CommandTransportOptions, mail: OutboundMail, signal: AbortSignal): Promise<Receipt> {
  const [program, ...parameters] = options.command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, {
      stdio: ["pipe", "ignore", "pipe"],
      cwd: "/",
      // A group of its own, so that what it starts is killed with it.
      detached: true,
      env: { ...options.environment, ...describe(mail) },
    });
    let output = "";
    let killed: string | null = null;
    const kill = (reason: string) => {
      killed ??= reason;
      killGroup(child);
    };
    const deadline = setTimeout(() => kill(`was ended after ${options.timeLimit} ms`), options.timeLimit);
    const release = onAbort(signal, () => kill("was ended because this program stops"));
    const finish = (error: TransportError | null) => {
      clearTimeout(deadline);
      release();
      if (error === null) resolve({ reports: "nobody" });
      else reject(error);
    };
    child.stderr.on("data", (chunk: Buffer) => {
      if (output.length < KEPT_OUTPUT) output += chunk.toString("utf8");
    });
    child.once("error", (error: NodeJS.ErrnoException) => finish(cannotStart(program, error)));
    child.once("exit", (status, by) => {
      // What it has left running holds nobody up.
      child.stderr.destroy();
      finish(killed === null && status === 0 ? null : failure(program, { status, by, killed, output }));
    });
    // A program that does not read all of it has its reasons.
    child.stdin.on("error", () => {});
    child.stdin.end(mail.bytes);
  });
}

/** Values without NUL, which an environment cannot hold. */
function describe(mail: OutboundMail): Record<string, string> {
  const text = (value: string) => value.replaceAll("\0", "");
  return {
    SENDER: text(mail.sender),
    RECIPIENT: text(mail.recipient),
    DELIVERY_ID: mail.id,
    DELIVERY_ATTEMPT: String(mail.attempt),
  };
}

function cannotStart(program: string, error: NodeJS.ErrnoException): TransportError {
  const text = `${program} cannot be started (${error.code ?? "unknown error"})`;
  return new TransportError(oneLine(text), { lasting: "temporary", about: "target" });
}

interface Ending {
  readonly status: number | null;
  readonly by: NodeJS.Signals | null;
  readonly killed: string | null;
  readonly output: string;
}

function failure(program: string, { status, by, killed, output }: Ending): TransportError {
  const end = killed ?? (status === null ? `was ended by ${by}` : `ended with status ${status}`);
  const said = output.trim() === "" ? "" : `: ${output}`;
  const isPermanent = killed === null && status !== null && PERMANENT.has(status);
  return new TransportError(oneLine(`${program} ${end}${said}`), {
    lasting: isPermanent ? "permanent" : "temporary",
    about: "mail",
  });
}
