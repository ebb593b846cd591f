/** start: the node in the foreground until a signal ends it. */
import type { Command } from "commander";
import { clientSettings } from "../client-setup/start-lines.js";
import type { App } from "../create-app.js";
import { endOnUncaught, forgiveOutput, leaveSoon } from "../last-resort.js";
import { askSecret, type Context, canAsk, canConverse, converse, readContext } from "./context.js";
import type { FirstStart } from "./first-start.js";

export function addStartCommand(program: Command): void {
  program
    .command("start")
    .description("run the node with its SMTP and IMAP servers")
    .option("--no-setup", "make no login at the first start: a service's password would stand in its log")
    .action(async ({ setup }: { setup: boolean }, command: Command) => {
      const context = readContext(command);
      const [{ createApp }, { createLogger }, { suspectWhenDamaged }] = await Promise.all([
        import("../create-app.js"),
        import("../log.js"),
        import("../open-database.js"),
      ]);
      const { directory, config, sources } = context;
      const threshold = { level: config.log.level };
      const logger = createLogger({ threshold, format: config.log.format });
      const end = new AbortController();
      const shutDown = () => end.abort();
      forgiveOutput([process.stdout, process.stderr]);
      endOnUncaught({ process, logger, end: shutDown });
      const ask = canAsk() ? askSecret : null;
      const app = await suspectWhenDamaged(directory.database, () =>
        createApp({ directory, config, sources, threshold, logger, ask, shutDown }),
      );
      const ended = untilSignal(end);
      try {
        const makeFirst = setup ? await prepareFirstStart(app, context, end.signal) : async () => null;
        const endpoints = await suspectWhenDamaged(directory.database, () => app.start());
        // After the listeners are up: the password is shown once, and a start that fails would never show it.
        announce(context, endpoints, await makeFirst());
        await ended;
        logger.info("stopping");
      } finally {
        await app.stop();
        leaveSoon({ exit: (status) => process.exit(status) }, () => Number(process.exitCode ?? 0));
      }
    });
}

/** A person is asked before anything runs; what is made then, is made when all runs. */
async function prepareFirstStart(
  app: App,
  context: Context,
  end: AbortSignal,
): Promise<() => Promise<FirstStart | null>> {
  if (context.config.node.relay_only) return async () => null;
  const { askNames, isFirstStart, makeFirst, usualNames } = await import("./first-start.js");
  if (!(await isFirstStart(app.methods))) return async () => null;
  const names = canConverse(context) ? await converse(end, (ask) => askNames(ask, tell)) : usualNames();
  return () => makeFirst(app.methods, names);
}

function tell(text: string): void {
  process.stdout.write(text);
}

function announce(
  context: Context,
  endpoints: Awaited<ReturnType<App["start"]>>,
  first: FirstStart | null,
): void {
  if (context.json) {
    const { p2p, imap, smtp, web, api, metrics } = endpoints;
    const optional = {
      ...(api ? { api } : {}),
      ...(metrics ? { metrics } : {}),
      ...(first === null ? {} : { first_start: first }),
    };
    process.stdout.write(`${JSON.stringify({ ready: true, p2p, imap, smtp, web, ...optional })}\n`);
    return;
  }
  const lines = clientSettings({ config: context.config, endpoints, first });
  process.stdout.write(`${lines.join("\n")}\nready\n`);
}

/** Or until something in the program asks for the end. */
function untilSignal(end: AbortController): Promise<void> {
  return new Promise((resolve) => {
    end.signal.addEventListener("abort", () => resolve(), { once: true });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => end.abort());
  });
}
