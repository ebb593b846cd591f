/** The words of administration by mail (MAIL-MAPPING section 9): the control methods, as one user may use them. */
import type { Command, CommandLanguage } from "../gateway/administration/commands-by-mail.js";
import { type Status, stateText, statusLines } from "./commands/text.js";
import { CommandError, type ControlMethods, callMethod } from "./control/messages.js";
import { readPreferenceWords } from "./preference-words.js";

interface Request {
  readonly user: string;
  /** The message that the answered report is about, or null. */
  readonly about: string | null;
  /** What stands behind the command. */
  readonly rest: string;
  /** Calls a method for that user. */
  call(method: string, params?: Readonly<Record<string, unknown>>): Promise<unknown>;
}

interface Entry {
  readonly words: string;
  readonly parameters: string;
  readonly text: string;
  /** How many words have to follow. */
  readonly least: number;
  /** The rest is not kept. */
  readonly secret?: true;
  run(request: Request): Promise<string>;
}

type Row = { readonly address: string; readonly label: string; readonly blocked?: boolean };
type QueueRow = Parameters<typeof stateText>[0];

const ENTRIES: readonly Entry[] = [
  {
    words: "help",
    parameters: "",
    text: "this list",
    least: 0,
    run: async () => HELP,
  },
  {
    words: "status",
    parameters: "",
    text: "how the node does",
    least: 0,
    run: async ({ call }) => statusLines((await call("status")) as Status).join("\n"),
  },
  {
    words: "identities",
    parameters: "",
    text: "your addresses and chans",
    least: 0,
    run: async ({ call }) => listed((await call("identity.list")) as Row[], "You have no address yet."),
  },
  {
    words: "new identity",
    parameters: "LABEL",
    text: "make another address",
    least: 1,
    run: async ({ call, rest }) => {
      const { address } = (await call("identity.create", { label: rest })) as Row;
      return `Your new address, "${rest}", is\n${address}`;
    },
  },
  {
    words: "join",
    parameters: "PASSPHRASE",
    text: "join the chan of that passphrase, or make it; your mail program may have to be told of the new folder",
    least: 1,
    secret: true,
    run: async ({ call, rest }) => {
      const { address } = (await call("chan.join", { passphrase: rest })) as Row;
      return `You have joined the chan\n${address}\nIts mail comes into a folder below Chans.`;
    },
  },
  {
    words: "unlock",
    parameters: "PASSPHRASE",
    text: "unlock the private keys, where the bridge was started without their passphrase",
    least: 1,
    secret: true,
    run: async ({ call, rest }) => {
      await call("keys.unlock", { passphrase: rest });
      return "The private keys are unlocked. What has come meanwhile is being opened, and what waited is being sent.";
    },
  },
  {
    words: "leave",
    parameters: "BM-...",
    text: "leave a chan; its folder stays",
    least: 1,
    run: async ({ call, rest }) => {
      const address = await addressOf(rest, (await call("chan.list")) as Row[]);
      await call("chan.leave", { address });
      return `You have left the chan ${address}. Its folder stays until you delete it.`;
    },
  },
  {
    words: "subscribe",
    parameters: "BM-... [LABEL]",
    text: "follow the broadcasts of an address",
    least: 1,
    run: async ({ call, rest }) => {
      const [address, label] = split(rest);
      await call("subscription.add", { address, ...(label === "" ? {} : { label }) });
      return `You follow ${address}. Its broadcasts come into a folder below Subscriptions.`;
    },
  },
  {
    words: "unsubscribe",
    parameters: "BM-...",
    text: "follow it no longer; its folder stays",
    least: 1,
    run: async ({ call, rest }) => {
      const address = await addressOf(rest, (await call("subscription.list")) as Row[]);
      await call("subscription.remove", { address });
      return `You do not follow ${address} any more. Its folder stays until you delete it.`;
    },
  },
  {
    words: "contacts",
    parameters: "",
    text: "the addresses that you have named or blocked",
    least: 0,
    run: async ({ call }) => listed((await call("contact.list")) as Row[], "You have no contacts."),
  },
  {
    words: "contact",
    parameters: "BM-... LABEL",
    text: "give an address a name",
    least: 2,
    run: async ({ call, rest }) => {
      const [address, label] = split(rest);
      await call("contact.add", { address, label });
      return `${address} is called "${label}" from now on.`;
    },
  },
  {
    words: "set",
    parameters: "BM-... attachments=... encoding=... max_work=...",
    text: "how to write to an address: attachments extended, inline or refuse; encoding trivial, simple or extended; max_work in trials; default for each",
    least: 2,
    run: async ({ call, rest }) => {
      const [address, words] = split(rest);
      const { user: _, ...set } = (await call("contact.set", {
        address,
        ...readPreferenceWords(words.split(/\s+/)),
      })) as Row & { user: string };
      return Object.entries(set)
        .map(([name, value]) => `${name} ${value}`)
        .join("\n");
    },
  },
  {
    words: "block",
    parameters: "BM-...",
    text: "what that address sends goes to Junk",
    least: 1,
    run: async ({ call, rest }) => {
      await call("contact.block", { address: rest });
      return `What ${rest} sends goes to Junk from now on.`;
    },
  },
  {
    words: "unblock",
    parameters: "BM-...",
    text: "take its mail again",
    least: 1,
    run: async ({ call, rest }) => {
      await call("contact.unblock", { address: rest });
      return `What ${rest} sends comes into your mailboxes again.`;
    },
  },
  {
    words: "queue",
    parameters: "",
    text: "what you have sent, and what became of it",
    least: 0,
    run: async ({ call }) => {
      const rows = (await call("queue.list")) as QueueRow[];
      return rows.length === 0 ? "Nothing is in the queue." : rows.slice(0, 100).map(queueLines).join("\n\n");
    },
  },
  forMessage("cancel", "stop sending it", async ({ call }, id) => {
    await call("queue.cancel", { id });
    return "It is cancelled.";
  }),
  forMessage("retry", "send again what failed or was cancelled", async ({ call }, id) => {
    const { state } = (await call("queue.retry", { id })) as QueueRow;
    return `It is ${state}.`;
  }),
  forMessage("accept", "send it, however much work the recipient demands now", async ({ call }, id) => {
    const { state } = (await call("queue.retry", { id, accept_price: true })) as QueueRow;
    return `The price is accepted; it is ${state}.`;
  }),
];

type Act = (request: Request, id: string) => Promise<string>;

/** With the id, or in answer to a report without it. */
function forMessage(words: string, text: string, act: Act): Entry {
  return {
    words,
    parameters: "ID",
    text,
    least: 0,
    run: async (request) => {
      const id = request.rest === "" ? request.about : request.rest;
      if (id === null)
        throw new CommandError(`Say which message: ${words} ID. The command queue lists them.`);
      return act(request, id);
    },
  };
}

const HELP = [
  "Write one of these into the subject of a mail to the bridge,",
  "or several into its text, one a line:",
  "",
  ...ENTRIES.map(({ words, parameters, text }) => `  ${`${words} ${parameters}`.trim()}\n${indented(text)}`),
  "",
  "In an answer to a report, cancel, retry and accept need no ID.",
].join("\n");

/** In lines that mail programs show as they are. */
function indented(text: string): string {
  return (text.match(/.{1,64}(?:\s|$)/g) ?? []).map((line) => `      ${line.trimEnd()}`).join("\n");
}

/** @param methods those of this process; asked for when a command is run */
export function createMailCommands(methods: () => ControlMethods): CommandLanguage {
  return { help: HELP, read: (line) => readCommand(line, methods) };
}

function readCommand(line: string, methods: () => ControlMethods): Command | null {
  const found = findEntry(line.trim());
  if (found === null) return null;
  const { entry, rest } = found;
  const given = rest === "" ? 0 : rest.split(/\s+/).length;
  const isComplete = given >= entry.least;
  const isSecret = entry.secret === true && rest !== "";
  return {
    shown: isSecret ? `${entry.words} ********` : `${entry.words} ${rest}`.trim(),
    kept: isSecret ? "as-shown" : "as-written",
    state: isComplete ? "complete" : "incomplete",
    async run({ user, about }) {
      if (!isComplete) return `Something is missing: ${entry.words} ${entry.parameters}`;
      const call: Request["call"] = (method, params = {}) =>
        callMethod(methods(), { id: 0, method, params: { ...params, user } });
      try {
        return await entry.run({ user, about, rest, call });
      } catch (error) {
        if (error instanceof CommandError) return sentence(error.message);
        throw error;
      }
    },
  };
}

/** The longest command that the line begins with, in any case. */
function findEntry(line: string): { readonly entry: Entry; readonly rest: string } | null {
  const folded = line.replace(/\s+/g, " ").toLowerCase();
  const matches = ENTRIES.filter(({ words }) => folded === words || folded.startsWith(`${words} `));
  const [entry] = matches.sort((a, b) => b.words.length - a.words.length);
  if (entry === undefined) return null;
  const words = entry.words.split(" ").length;
  const rest = line.replace(new RegExp(`^(?:\\S+\\s*){${words}}`), "").trim();
  return { entry, rest };
}

function split(rest: string): [first: string, others: string] {
  const match = /^(\S+)\s*([\s\S]*)$/.exec(rest);
  return [match?.[1] ?? "", match?.[2] ?? ""];
}

/** An address as it is, or the one that has that label. */
async function addressOf(text: string, rows: readonly Row[]): Promise<string> {
  if (/^BM-/i.test(text)) return text;
  const matches = rows.filter(({ label }) => label.toLowerCase() === text.toLowerCase());
  const [match, ...others] = matches;
  if (match === undefined) throw new CommandError(`you have none that is called "${text}"`);
  if (others.length > 0) throw new CommandError(`several are called "${text}"; write the address`);
  return match.address;
}

function listed(rows: readonly Row[], none: string): string {
  if (rows.length === 0) return none;
  return rows
    .map(({ address, label, blocked }) =>
      [address, label, blocked ? "(blocked)" : ""].filter((text) => text !== "").join("  "),
    )
    .join("\n");
}

function queueLines(row: QueueRow): string {
  return `${row.id}  ${stateText(row)}\n  to ${row.to}\n  ${row.subject}`.trimEnd();
}

function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
