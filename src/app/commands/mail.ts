/** send, queue and status: what goes out, what became of it, and how the node does. */
import type { Command } from "commander";
import { print, readContext, readInput, withMethods, withNode } from "./context.js";
import { type QueueRow, type Status, stateText, statusLines, table } from "./text.js";

export function addSendCommand(program: Command): void {
  program
    .command("send")
    .description("send the text on standard input as a message")
    .requiredOption("--from <address>", "one of our identities")
    .requiredOption("--to <address>", "recipient, or broadcast@ for a broadcast")
    .option("--subject <text>", "subject", "")
    .option("--user <name>", "login that sends, where several have joined the chan that it is from")
    .action(
      async (options: { from: string; to: string; subject: string; user?: string }, command: Command) => {
        const context = readContext(command);
        const body = await readInput();
        const sent = (await withMethods(context, (call) => call("send", { ...options, body }))) as {
          id: string;
        };
        print(context, sent, ({ id }) => id);
      },
    );
}

export function addQueueCommands(program: Command): void {
  const queue = program
    .command("queue")
    .description("the outbox: every message that was accepted and what became of it");
  queue
    .command("list")
    .description("newest first")
    .action(async (_options, command: Command) => {
      const context = readContext(command);
      const rows = (await withMethods(context, (call) => call("queue.list"))) as QueueRow[];
      print(context, rows, (all) => table(all.map((row) => [row.id, stateText(row), row.to, row.subject])));
    });
  queue
    .command("show <id>")
    .description("one message, whole")
    .action(async (id: string, _options, command: Command) => {
      const context = readContext(command);
      const row = (await withMethods(context, (call) => call("queue.show", { id }))) as QueueRow;
      print(context, row, (one) =>
        table(Object.entries(one).map(([name, value]) => [name, showValue(name, value)])),
      );
    });
  queue
    .command("cancel <id>")
    .description("stop sending")
    .action(async (id: string, _options, command: Command) => {
      const context = readContext(command);
      print(context, await withMethods(context, (call) => call("queue.cancel", { id })), () => "Cancelled.");
    });
  queue
    .command("retry <id>")
    .description("send again what failed or was cancelled")
    .option("--accept-price", "do as much work as the recipient demands now (queue show tells how much)")
    .action(async (id: string, options: { acceptPrice?: true }, command: Command) => {
      const context = readContext(command);
      const params = { id, accept_price: options.acceptPrice };
      print(
        context,
        await withMethods(context, (call) => call("queue.retry", params)),
        () => "Queued again.",
      );
    });
}

function showValue(name: string, value: unknown): string {
  if (value === null || value === undefined) return "-";
  if ((name === "created" || name === "expires") && typeof value === "number")
    return new Date(value * 1000).toISOString();
  return String(value);
}

export function addStatusCommand(program: Command): void {
  program
    .command("status")
    .description("peers, inventory, work, queue and mail of the running node")
    .option("--watch", "go on showing it, with the queue's progress, until q or Ctrl-C")
    .action(async (options: { watch?: true }, command: Command) => {
      const context = readContext(command);
      await withNode(context, async (call) => {
        if (options.watch !== true) return print(context, (await call("status")) as Status, statusLines);
        const { watchStatus } = await import("./watch.js");
        const { stdin, stdout, env } = process;
        return watchStatus(call, { stdin, stdout, env, json: context.json });
      });
    });
}

export function addMetricsCommand(program: Command): void {
  program
    .command("metrics")
    .description("what the running node measures of itself, in Prometheus' text format")
    .action(async (_options, command: Command) => {
      const context = readContext(command);
      const text = (await withNode(context, (call) => call("metrics"))) as string;
      print(context, text, (whole) => whole.trimEnd());
    });
}
