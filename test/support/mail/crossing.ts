/** A mail from one bridge to another, without a network between: submission, content, delivery. */
import { type ContentPiece, decodeContent } from "../../../src/bitmessage/protocol/content.js";
import type { SmtpError } from "../../../src/mail/smtp/error.js";
import { createWorld, DOMAIN, hashOf, receivedOf, type World } from "../../gateway/world.js";
import { octetsOf, RECIPIENT, SENDER } from "./build.js";

export type Crossing =
  /** `sent` is the mail as the sender's Sent folder holds it. */
  | {
      readonly kind: "arrived";
      readonly sent: Uint8Array;
      readonly mail: Uint8Array;
      readonly content: CrossedContent;
    }
  | { readonly kind: "refused"; readonly code: string; readonly text: string };

export interface CrossedContent {
  readonly encoding: number;
  readonly octets: Uint8Array;
  readonly body: string;
  readonly original: readonly ContentPiece[] | undefined;
}

/** Two bridges, each with a database in memory. */
export class TwoBridges {
  readonly here: World;
  readonly there: World;
  #count = 0;

  constructor() {
    this.here = createWorld();
    this.there = createWorld();
  }

  /** @param bytes with the addresses of the corpus, for which those of the two are put in */
  async cross(bytes: Uint8Array): Promise<Crossing> {
    const { here, there } = this;
    const sender = `${here.own}@${DOMAIN}`;
    const recipient = `${there.own}@${DOMAIN}`;
    const binary = Buffer.from(bytes).toString("latin1");
    const mail = octetsOf(binary.replaceAll(SENDER, sender).replaceAll(RECIPIENT, recipient));
    const before = here.outbox.drafts.length;
    try {
      await here.submission.submit(here.anna, { sender, recipients: [{ address: recipient }] }, mail);
    } catch (error) {
      if ((error as Error).name !== "SmtpError") throw error;
      const { responseCode, enhancedCode, message } = error as SmtpError;
      return { kind: "refused", code: `${responseCode} ${enhancedCode}`, text: message };
    }
    const draft = here.outbox.drafts[before];
    if (draft === undefined) throw new Error("nothing was queued");
    const decoded = decodeContent(draft.encoding, draft.content);
    if (decoded.kind !== "content") throw new Error(`content is ${decoded.kind}`);
    const { kind: _kind, ...text } = decoded;
    const hash = hashOf(`crossing ${++this.#count}`);
    const commit = await there.delivery.prepare(receivedOf(there, { encoding: draft.encoding, text, hash }));
    commit();
    return {
      kind: "arrived",
      sent: newestIn(here, "Sent"),
      mail: newestIn(there, "INBOX"),
      content: {
        encoding: draft.encoding,
        octets: draft.content,
        body: decoded.body,
        original: decoded.original,
      },
    };
  }
}

function newestIn(world: World, name: string): Uint8Array {
  const { mailboxes } = world.stores;
  const mailbox = mailboxes.find("anna", name);
  const newest = mailbox === null ? undefined : mailboxes.snapshot(mailbox, "read-only").messages.at(-1);
  const bytes = mailbox === null || newest === undefined ? null : mailboxes.read(mailbox, newest.uid);
  if (bytes === null) throw new Error(`no mail in ${name}`);
  return bytes;
}
