import { setImmediate as nextTurn } from "node:timers/promises";
import type { Session } from "../session.js";
import { type Command, LOGGED_IN } from "./command.js";

export const idle: Command = {
  name: "IDLE",
  specification: "RFC 2177",
  states: LOGGED_IN,
  expunges: "tell-expunges",
  async run({ session, parser }) {
    parser.end();
    const { connection, out, selected, settings } = session;
    out.line("+ idling");
    if (selected) selected.view.onUpdate = () => connection.wake();
    const keepAlive = setInterval(() => {
      if (!out.blocked) out.line("* OK Still here.");
      connection.wake();
    }, settings.limits.idleKeepAlive).unref();
    try {
      await untilDone(session);
    } finally {
      clearInterval(keepAlive);
      session.listen();
    }
    return "Idle ended.";
  },
};

/**
 * Until the client says DONE. Some clients send their next command instead: then IDLE ends as well, and the command is obeyed.
 */
async function untilDone(session: Session): Promise<void> {
  const { connection } = session;
  while (!connection.closed && session.state !== "logout") {
    // Nothing is told while the client does not read; it waits in the view, which cannot grow beyond the mailbox.
    await session.deliver("idle");
    const line = connection.peekLine(1000);
    if (line !== null) {
      const word = line.trim().toUpperCase();
      if (word === "DONE" || word === "") await connection.nextLine(1000);
      if (word !== "") return;
      continue;
    }
    await connection.activity();
    // A burst of updates becomes one write.
    await nextTurn();
  }
}
