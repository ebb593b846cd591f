/** Conversations between a person on a bridge and people on PyBitmessage, which sends subject and text and nothing else. */
import type { Address } from "../../../src/bitmessage/protocol/address.js";
import { digestMessage } from "../../../src/mail/imap/make-digest.js";
import { Pacer } from "../../../src/mail/imap/pacer.js";
import type { ReadRecord } from "../../../src/mail/imap/read-records.js";
import { formatThreads } from "../../../src/mail/imap/thread.js";
import { threadByReferences } from "../../../src/mail/imap/thread-by-references.js";
import { threadMessage } from "../../../src/mail/imap/thread-message.js";
import { DOMAIN, hashOf, mailOf, messagesIn, receivedOf, type World } from "../../gateway/world.js";

/** A message as the person at PyBitmessage has it before him. */
export interface Shown {
  readonly subject: string;
  readonly body: string;
}

/** PyBitmessage's answer: `Re:`, the text, and the whole message behind a line of hyphens. */
export function answerAbove({ subject, body }: Shown, text: string): Shown {
  return { subject: withRe(subject), body: `${text}\n\n${"-".repeat(54)}\n${body}` };
}

/** The same with its setting `replybelow`: the message with `> ` before each line, the lines broken at 70 characters, then the text. */
export function answerBelow({ subject, body }: Shown, text: string): Shown {
  const lines = body.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const quoted = lines.flatMap((line) => {
    if (line.trim() === "") return [""];
    return line.startsWith("> ") ? [line] : wrapped(line);
  });
  return { subject: withRe(subject), body: `${quoted.map((line) => `> ${line}`).join("\n")}\n\n${text}\n` };
}

function withRe(subject: string): string {
  return /^Re:/i.test(subject) ? subject : `Re: ${subject}`;
}

function wrapped(line: string): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(" ")) {
    if (current !== "" && `${current} ${word}`.length > 68) {
      lines.push(current);
      current = word;
    } else current = current === "" ? word : `${current} ${word}`;
  }
  return [...lines, current];
}

interface Header {
  readonly id: string;
  readonly references: readonly string[];
}

export class Conversation {
  #count = 0;

  constructor(private readonly world: World) {}

  /** A message from the network, in simple encoding without header lines; returns its mail. */
  async receive(
    from: Address,
    message: Shown,
    values: Partial<Parameters<typeof receivedOf>[1]> = {},
  ): Promise<string> {
    this.world.time.now += 60;
    const hash = hashOf(`conversation ${++this.#count}`);
    const received = this.world.time.now;
    const commit = await this.world.delivery.prepare(
      receivedOf(this.world, { from, hash, received, text: message, ...values }),
    );
    const before = new Set(this.mails());
    commit();
    return this.mails().find((mail) => !before.has(mail)) ?? "";
  }

  /** A mail that the person here writes, in a client: to answer one, with its ids. Returns what goes over the network. */
  async send(to: string, message: Shown, answered: string | null): Promise<Shown> {
    this.world.time.now += 60;
    const sender = `${this.world.own}@${DOMAIN}`;
    const parent = answered === null ? null : headerOf(answered);
    const ids =
      parent === null
        ? []
        : [
            `In-Reply-To: <${parent.id}>`,
            `References: ${[...parent.references, parent.id].map((id) => `<${id}>`).join(" ")}`,
          ];
    const lines = [
      `From: ${sender}`,
      `Message-ID: <sent${++this.#count}@client>`,
      `Subject: ${message.subject}`,
      ...ids,
    ];
    const recipients = [{ address: `${to}@${DOMAIN}` }];
    await this.world.submission.submit(
      this.world.anna,
      { sender, recipients },
      mailOf(...lines, "", ...message.body.split("\n")),
    );
    return { subject: message.subject, body: `${message.body}\n` };
  }

  /** Every mail of the person here, oldest first in each folder. */
  mails(folders: readonly string[] = ["INBOX", "Sent", "Chans/Talk", "Subscriptions/News"]): string[] {
    return folders.flatMap((name) => messagesIn(this.world, name).map(({ text }) => text));
  }
}

export function headerOf(mail: string): Header {
  const field = (name: string) => new RegExp(`^${name}:(.*(?:\r\n[ \t].*)*)`, "im").exec(mail)?.[1] ?? "";
  const idsOf = (value: string) => [...value.matchAll(/<([^<>]+)>/g)].map(([, id]) => id ?? "");
  const references = idsOf(field("References"));
  return {
    id: idsOf(field("Message-ID"))[0] ?? "",
    references: references.length > 0 ? references : idsOf(field("In-Reply-To")),
  };
}

/** Threads by REFERENCES, each as the places of its mails in the list. */
export async function threadsByReferences(mails: readonly string[]): Promise<number[][]> {
  const messages = mails.map((mail, index) => {
    const digest = digestMessage(new TextEncoder().encode(mail));
    return threadMessage(index + 1, { digest, sentDate: digest.sentSeconds ?? 0 } as unknown as ReadRecord);
  });
  const formatted = formatThreads(await threadByReferences(messages, new Pacer()), (sequence) => sequence);
  return topLevel(formatted).map((thread) =>
    [...thread.matchAll(/\d+/g)].map(([digits]) => Number(digits) - 1).sort((a, b) => a - b),
  );
}

function topLevel(formatted: string): string[] {
  const threads: string[] = [];
  let depth = 0;
  for (const character of formatted) {
    if (character === "(" && depth++ === 0) threads.push("");
    if (depth > 0) threads[threads.length - 1] += character;
    if (character === ")") depth--;
  }
  return threads;
}

/**
 * As Thunderbird threads a folder by default (mail.strict_threading and mail.correct_threading are on): by ids alone; mails belong together
 * that name each other or the same third one.
 */
export function threadsByThunderbird(mails: readonly string[]): number[][] {
  const threadOf = new Map<string, number>();
  const threads: number[][] = [];
  for (const [index, mail] of mails.entries()) {
    const { id, references } = headerOf(mail);
    const known = [...references]
      .reverse()
      .concat(id)
      .find((one) => threadOf.has(one));
    const thread = known === undefined ? threads.push([]) - 1 : (threadOf.get(known) ?? 0);
    threads[thread]?.push(index);
    for (const one of [id, ...references]) if (!threadOf.has(one)) threadOf.set(one, thread);
  }
  return threads;
}
