import { digestMessage } from "../../mail/imap/make-digest.js";
import { createImapServer } from "../../mail/imap/server.js";
import { BenchClient } from "./imap-client.js";
import { makeMail } from "./mails.js";
import { type Total, takeTurns } from "./turns.js";
import { openWorkplace, type Workplace } from "./workplace.js";

/** A command on a large mailbox: how long its whole answer takes. */
export interface ImapBench {
  readonly command: string;
  readonly milliseconds: number;
  /** Of the whole process; the client, which throws the answers away, is in it. */
  readonly cpu_milliseconds: number;
}

export interface ImapBenchOptions {
  /** About how long to measure, without the filling of the mailbox. */
  readonly seconds: number;
  /** In the mailbox; 10,000 unless told. */
  readonly messages?: number;
}

const MESSAGES = 10_000;
/** Appended together. */
const BATCH = 250;
const BOX = "bench";
/** Where appended mails go. */
const OTHER_BOX = "other";
/** What Thunderbird asks of every mail of a folder. */
const FIELDS =
  "From To Cc Bcc Subject Date Message-ID Priority X-Priority References Newsgroups In-Reply-To Content-Type Reply-To";

/** The rows, as people know them, and what is sent. */
const COMMANDS: readonly (readonly [string, string])[] = [
  ["SELECT", `SELECT ${BOX}`],
  ["FETCH 1:* (FLAGS)", "FETCH 1:* (FLAGS)"],
  ["headers as Thunderbird", `UID FETCH 1:* (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (${FIELDS})])`],
  ["ENVELOPE BODYSTRUCTURE", "FETCH 1:* (ENVELOPE BODYSTRUCTURE)"],
  ["SEARCH HEADER, no hit", "SEARCH HEADER Subject qqxyzzy"],
  ["SEARCH BODY, no hit", "SEARCH BODY qqxyzzy"],
  ["SORT (DATE)", "SORT (DATE) UTF-8 ALL"],
  ["THREAD REFERENCES", "THREAD REFERENCES UTF-8 ALL"],
];

/** Measures the commands that mail clients wait for, over a connection of loopback to the IMAP server on a database in a file. */
export async function benchImap(
  options: ImapBenchOptions,
): Promise<{ messages: number; commands: ImapBench[] }> {
  const messages = options.messages ?? MESSAGES;
  const workplace = await openWorkplace();
  const server = createImapServer({
    backend: workplace.services.backend,
    listen: { host: "127.0.0.1", port: 0 },
  });
  try {
    await fill(workplace, messages);
    const { port } = await server.start();
    const client = await BenchClient.open(port);
    try {
      await client.command(`LOGIN ${workplace.user} "${workplace.password}"`);
      await client.command(`SELECT ${BOX}`);
      return { messages, commands: await measure(client, options.seconds) };
    } finally {
      client.close();
    }
  } finally {
    await server.stop();
    await workplace.close();
  }
}

async function fill({ mail }: Workplace, messages: number): Promise<void> {
  await mail.createMailbox(BOX, {});
  await mail.createMailbox(OTHER_BOX, {});
  for (let first = 0; first < messages; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, messages - first) }, (_, index) => {
      const bytes = makeMail(first + index);
      return { bytes, flags: [], internalDate: null, digest: digestMessage(bytes) };
    });
    await mail.append(BOX, batch);
  }
}

async function measure(client: BenchClient, seconds: number): Promise<ImapBench[]> {
  let appended = 0;
  const append = () => client.command(`APPEND ${OTHER_BOX}`, makeMail(appended++));
  const tasks = [
    ...COMMANDS.map(([name, text]) => ({ name, run: () => client.command(text) })),
    { name: "APPEND", run: append },
  ];
  const totals = await takeTurns(
    tasks.map(({ run }) => ({ step: 1, run: (count) => repeat(count, run) })),
    seconds,
  );
  return tasks.map(({ name }, index) => row(name, totals[index]!));
}

async function repeat(count: number, run: () => Promise<void>): Promise<void> {
  for (let done = 0; done < count; done++) await run();
}

function row(command: string, { operations, seconds, cpuSeconds }: Total): ImapBench {
  const milliseconds = (total: number) => Math.round((total / operations) * 1e5) / 100;
  return { command, milliseconds: milliseconds(seconds), cpu_milliseconds: milliseconds(cpuSeconds) };
}
