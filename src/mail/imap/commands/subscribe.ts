import { checkNewMailboxName } from "../mailbox-name.js";
import { type Command, type CommandContext, LOGGED_IN, mailOf } from "./command.js";

/** Twice, or a name that does not exist: OK. */
export const subscribe: Command = {
  name: "SUBSCRIBE",
  specification: "RFC 9051 section 6.3.7",
  states: LOGGED_IN,
  expunges: "tell-expunges",
  run: (context) => set(context, "subscribed"),
};

export const unsubscribe: Command = {
  name: "UNSUBSCRIBE",
  specification: "RFC 9051 section 6.3.8",
  states: LOGGED_IN,
  expunges: "tell-expunges",
  run: (context) => set(context, "unsubscribed"),
};

async function set(
  { session, parser }: CommandContext,
  state: "subscribed" | "unsubscribed",
): Promise<string> {
  parser.space();
  const name = parser.mailbox();
  parser.end();
  if (state === "subscribed") checkNewMailboxName(name);
  await mailOf(session).setSubscription(name, state);
  return state === "subscribed" ? "Subscribed." : "Unsubscribed.";
}
