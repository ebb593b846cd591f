import { expect, test } from "@jest/globals";
import { simpleParser } from "mailparser";
import { decodeContent } from "../../src/bitmessage/protocol/content.js";
import { composeIncoming } from "../../src/gateway/incoming/mapping.js";
import { encodeOutgoing, readOutgoing } from "../../src/gateway/outgoing/mapping.js";
import { CHARSETS } from "../support/mail/charsets.js";
import { createWorld, DOMAIN, mailOf, receivedOf, START } from "./world.js";

const world = createWorld();
const settings = { threadHeaders: "on", attachments: "extended" } as const;

test.each(CHARSETS)("text and subject in %s arrive as what they say", async (charset, text, hex) => {
  const base64 = Buffer.from(hex, "hex").toString("base64");
  const mail = readOutgoing(
    mailOf(
      "From: a@b",
      `Subject: =?${charset}?B?${base64}?=`,
      `Content-Type: text/plain; charset="${charset.toUpperCase()}"`,
      "Content-Transfer-Encoding: base64",
      "",
      base64,
    ),
    START,
  );
  const encoded = encodeOutgoing(mail, { messageId: "one@client", parents: [], ...settings });
  const content = decodeContent(encoded.encoding, encoded.content);
  expect(content).toMatchObject({ encoding: 2, subject: text, body: text });
  const message = receivedOf(world, { text: { subject: text, body: text } });
  const thread = { messageId: "one@client", inReplyTo: [], references: [] };
  const context = { user: "anna", addresses: world.addresses, domain: DOMAIN, thread };
  const received = await simpleParser(Buffer.from(await composeIncoming(message, context)));
  expect({ subject: received.subject, text: received.text?.trimEnd() }).toEqual({ subject: text, text });
});
