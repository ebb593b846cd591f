/** What the fuzzer of mail tries: a mail on its way out, and a message on its way in; and what must hold of them. */
import { simpleParser } from "mailparser";
import type { ReceivedContent } from "../../src/bitmessage/messaging/types.js";
import { decodeContent } from "../../src/bitmessage/protocol/content.js";
import { completeMail } from "../../src/gateway/forms/stored-mail.js";
import { encodeOutgoing, readOutgoing } from "../../src/gateway/outgoing/mapping.js";
import { parseWithBlankLines } from "../../src/gateway/outgoing/stray-lines.js";
import type { GatewaySettings } from "../../src/gateway/settings.js";
import { findField } from "../../src/mail/mime/headers.js";
import { parseMime } from "../../src/mail/mime/parse.js";
import { createWorld, hashOf, receivedOf, START, type World } from "../gateway/world.js";
import { ON_ARRIVAL } from "../support/mail/differences.js";
import { faultOf } from "../support/mail/well-formed.js";
import type { FuzzedContent } from "./mail-inputs.js";

export class MailTarget {
  readonly #world: World = createWorld();
  #delivered: Uint8Array | null = null;
  #count = 0;

  /** Nothing is kept: a hundred thousand mails are not to fill the memory. */
  constructor() {
    const { mailboxes, threads, deliveryLog } = this.#world.stores;
    mailboxes.append = (_mailbox, messages) => {
      this.#delivered = messages[0]?.bytes ?? null;
      return { uidValidity: 1, uids: messages.map(() => 1) };
    };
    threads.remember = () => {};
    deliveryLog.add = () => {};
  }

  /** The content that the mail becomes, or null when it is refused in SMTP's words. Throws for anything else. */
  send(received: Uint8Array, attachments: GatewaySettings["attachments"]): FuzzedContent | null {
    try {
      const { bytes, root } = parseWithBlankLines(received);
      const mail = readOutgoing(bytes, START, root);
      const messageId = mail.messageId ?? "made@here";
      const stored = completeMail(bytes, { messageId, time: START, from: "a@b", bcc: [] });
      const kept = findField(parseMime(stored), "message-id")?.value ?? "";
      if (!kept.includes(`<${messageId}>`)) throw new Error("the stored mail has another Message-ID");
      const { encoding, content } = encodeOutgoing(mail, {
        messageId,
        parents: [],
        threadHeaders: "on",
        attachments,
      });
      return { encoding, octets: content };
    } catch (error) {
      if ((error as Error).name === "SmtpError") return null;
      throw error;
    }
  }

  /** Throws when a mail is made of it that is none. A content that cannot be read is dropped before mail is made. */
  async receive(
    { encoding, octets }: FuzzedContent,
    kind: "msg" | "chan" | "broadcast",
  ): Promise<"mail" | "dropped"> {
    const content = readContent(encoding, octets);
    if (content === null) return "dropped";
    const hash = hashOf(`fuzz ${this.#count++}`);
    const values = {
      encoding,
      content,
      hash,
      chan: kind === "chan",
      kind: kind === "broadcast" ? "broadcast" : "msg",
    } as const;
    const commit = await this.#world.delivery.prepare(receivedOf(this.#world, values));
    this.#delivered = null;
    commit();
    if (this.#delivered === null) throw new Error("nothing was delivered");
    await check(this.#delivered);
    return "mail";
  }
}

function readContent(encoding: number, octets: Uint8Array): ReceivedContent | null {
  try {
    const decoded = decodeContent(encoding, octets);
    if (decoded.kind === "ignored") return null;
    if (decoded.kind === "placeholder") return { kind: "placeholder", raw: octets };
    return { ...decoded, kind: "text" };
  } catch (error) {
    if ((error as Error).name === "ProtocolError") return null;
    throw error;
  }
}

/** By our own reading and by another parser's. */
async function check(bytes: Uint8Array): Promise<void> {
  const fault = faultOf(bytes);
  if (fault !== null) throw new Error(`ill-formed mail: ${fault}`);
  const mail = await simpleParser(Buffer.from(bytes), {
    skipTextToHtml: true,
    skipHtmlToText: true,
    skipImageLinks: true,
  });
  for (const name of mail.headers.keys())
    if (!ON_ARRIVAL.test(name) && !/^(?:reply-to|precedence|list)$/.test(name))
      throw new Error(`another parser sees the field ${name}`);
  for (const { filename } of mail.attachments)
    if (filename !== undefined && /[/\\\x00-\x1f\u202a-\u202e]/.test(filename))
      throw new Error(`a name is ${JSON.stringify(filename)}`);
}
