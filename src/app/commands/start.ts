/** start: the node in the foreground until a signal ends it. */
import { randomInt } from "node:crypto";
import { userInfo } from "node:os";
import type { Command } from "commander";
import { clientSettings } from "../client-setup/start-lines.js";
import type { App } from "../create-app.js";
import { askSecret, type Context, canAsk, readContext } from "./context.js";
import type { SetupResult } from "./setup.js";

interface FirstStart {
  readonly user: string;
  readonly password: string;
  readonly address: string;
}

export function addStartCommand(program: Command): void {
  program
    .command("start")
    .description("run the node with its SMTP and IMAP servers")
    .action(async (_options, command: Command) => {
      const context = readContext(command);
      const [{ createApp }, { createLogger }] = await Promise.all([
        import("../create-app.js"),
        import("../log.js"),
      ]);
      const logger = createLogger(context.config.log);
      const { directory, config } = context;
      const end = new AbortController();
      const shutDown = () => end.abort();
      const app = await createApp({ directory, config, logger, ask: canAsk() ? askSecret : null, shutDown });
      const ended = untilSignal(end.signal);
      try {
        const endpoints = await app.start();
        // After the listeners are up: the password is shown once, and a start that fails would never show it.
        const first = context.config.node.relay_only ? null : await firstStart(app);
        announce(context, endpoints, first);
        await ended;
        logger.info("stopping");
      } finally {
        await app.stop();
      }
    });
}

/** The very first start makes a login and an identity, so that there is something to connect with. */
async function firstStart(app: App): Promise<FirstStart | null> {
  const users = (await app.methods["user.list"]?.({})) as readonly unknown[];
  if (users.length > 0) return null;
  const user =
    userInfo()
      .username.toLowerCase()
      .replace(/[^a-z0-9._-]/g, "") || "me";
  const password = makePassword();
  const made = (await app.methods["setup"]?.({ user, password, identity: user })) as SetupResult;
  return { user, password, address: made.identities[0]?.address ?? "" };
}

/** About 82 bits in four groups that can be typed; no letters that look alike. */
function makePassword(): string {
  const letters = "abcdefghjkmnpqrstuvwxyz23456789";
  const group = () => Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join("");
  return Array.from({ length: 4 }, group).join("-");
}

function announce(
  context: Context,
  endpoints: Awaited<ReturnType<App["start"]>>,
  first: FirstStart | null,
): void {
  if (context.json) {
    const { p2p, imap, smtp, web, api } = endpoints;
    const more = first === null ? {} : { first_start: first };
    process.stdout.write(
      `${JSON.stringify({ ready: true, p2p, imap, smtp, web, ...(api ? { api } : {}), ...more })}\n`,
    );
    return;
  }
  const lines = clientSettings({ config: context.config, endpoints, first });
  process.stdout.write(`${lines.join("\n")}\nready\n`);
}

/** Or until something in the program asks for the end. */
function untilSignal(end: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    end.addEventListener("abort", () => resolve(), { once: true });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
}
