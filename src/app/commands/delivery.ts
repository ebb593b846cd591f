/** delivery: mail on its way to other mail systems. */
import type { Command } from "commander";
import { print, readContext, withMethods } from "./context.js";
import { table } from "./text.js";

interface DeliveryRow {
  readonly id: string;
  readonly target: string;
  readonly recipient: string;
  readonly subject: string;
  readonly state: string;
  readonly attempts: number;
  readonly error: string | null;
}

export function addDeliveryCommands(program: Command): void {
  const delivery = program
    .command("delivery")
    .description(
      "mail that is to be handed to delivery targets or to the smarthost and has not arrived there",
    );
  delivery
    .command("list")
    .description("newest first")
    .action(async (_options, command: Command) => {
      const context = readContext(command);
      const rows = (await withMethods(context, (call) => call("delivery.list"))) as DeliveryRow[];
      print(context, rows, (all) =>
        table(
          all.map((row) => [row.id, row.target, stateText(row), row.recipient, row.subject, row.error ?? ""]),
        ),
      );
    });
  for (const [name, description, done] of [
    ["retry", "try at once", "Tried again."],
    ["cancel", "give up; a received mail stays in its mailbox here", "Cancelled."],
  ] as const) {
    delivery
      .command(`${name} <id>`)
      .description(description)
      .action(async (id: string, _options, command: Command) => {
        const context = readContext(command);
        print(context, await withMethods(context, (call) => call(`delivery.${name}`, { id })), () => done);
      });
  }
}

function stateText({ state, attempts }: DeliveryRow): string {
  return attempts === 0 ? state : `${state} (${attempts === 1 ? "1 attempt" : `${attempts} attempts`})`;
}
