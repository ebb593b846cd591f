/** One mail through both mappings, without submission and delivery: what it becomes on the network, and there in a mailbox. */
import { expect } from "@jest/globals";
import { decodeContent } from "../../../src/bitmessage/protocol/content.js";
import { composeIncoming } from "../../../src/gateway/incoming/mapping.js";
import { encodeOutgoing, readOutgoing } from "../../../src/gateway/outgoing/mapping.js";
import { createWorld, DOMAIN, receivedOf, START, textOf } from "../../gateway/world.js";

const world = createWorld();
const settings = { threadHeaders: "on", attachments: "extended" } as const;

export type SentContent = ReturnType<typeof sent>;

/** The content that a mail is sent as, and its size in octets. */
export function sent(bytes: Uint8Array) {
  const mail = readOutgoing(bytes, START);
  const messageId = mail.messageId ?? "made@here";
  const { encoding, content } = encodeOutgoing(mail, { messageId, parents: [], ...settings });
  const decoded = decodeContent(encoding, content);
  if (decoded.kind !== "content") throw new Error(decoded.kind);
  return { ...decoded, size: content.length };
}

/** The mail that a content becomes. */
export async function received(content: Partial<SentContent>) {
  const { kind: _kind, size: _size, ...text } = content;
  const message = receivedOf(world, { text, encoding: 3 });
  const thread = { messageId: "one@client", inReplyTo: [], references: [] };
  return textOf(
    await composeIncoming(message, { user: "anna", addresses: world.addresses, domain: DOMAIN, thread }),
  );
}

/** A header of ours with each field once, in ASCII; lines as mail has them. */
export function expectWellFormed(mail: string): void {
  expect(mail).not.toMatch(/[\0]|\r(?!\n)|(?<!\r)\n|[^\r\n]{999}/);
  const header = mail.slice(0, mail.indexOf("\r\n\r\n"));
  const names = [...header.matchAll(/^([^\s:][^:\r\n]*):/gm)].map(([, name]) => name);
  expect(new Set(names).size).toBe(names.length);
  const ours = /^(?:From|To|Subject|Date|Message-ID|X-Bitmessage-[a-z]+|MIME-Version|Content-[a-z-]+)$/i;
  for (const name of names) expect(name).toMatch(ours);
  expect(header).toMatch(/^[\t\r\n -~]*$/);
}
