import { expect, test } from "@jest/globals";
import { simpleParser } from "mailparser";
import { decodeContent } from "../../src/bitmessage/protocol/content.js";
import { composeIncoming } from "../../src/gateway/incoming.js";
import { encodeOutgoing, readOutgoing } from "../../src/gateway/outgoing.js";
import { createWorld, DOMAIN, mailOf, receivedOf, START } from "./world.js";

const world = createWorld();
const settings = { threadHeaders: "on", attachments: "extended" } as const;

/** Every charset of the WHATWG Encoding Standard: a text in it, and its octets. */
test.each([
  ["utf-8", "Grüße ✓ 日本語 😀", "4772c3bcc39f6520e29c9320e697a5e69cace8aa9e20f09f9880"],
  ["ibm866", "Привет", "8fe0a8a2a5e2"],
  ["iso-8859-1", "Grüße", "4772fcdf65"],
  ["iso-8859-2", "Příliš", "50f8ed6c69b9"],
  ["iso-8859-3", "Ĉĝħ", "c6f8b1"],
  ["iso-8859-4", "Ąšķ", "a1b9f3"],
  ["iso-8859-5", "Привет", "bfe0d8d2d5e2"],
  ["iso-8859-6", "مرحبا", "e5d1cdc8c7"],
  ["iso-8859-7", "Γειά", "c3e5e9dc"],
  ["iso-8859-8", "שלום", "f9ece5ed"],
  ["iso-8859-8-i", "שלום", "f9ece5ed"],
  ["iso-8859-10", "Ŧåŋ", "abe5bf"],
  ["iso-8859-13", "Ąžuolė", "c0fe756f6ceb"],
  ["iso-8859-14", "Ŵŷ", "d0fe"],
  ["iso-8859-15", "œ€Š", "bda4a6"],
  ["iso-8859-16", "Țară€ș", "de6172e3a4ba"],
  ["koi8-r", "Привет", "f0d2c9d7c5d4"],
  ["koi8-u", "їжак", "a7d6c1cb"],
  ["macintosh", "Grüße†", "47729fa765a0"],
  ["windows-874", "สวัสดี", "cac7d1cab4d5"],
  ["windows-1250", "Příliš", "50f8ed6c699a"],
  ["windows-1251", "Привет", "cff0e8e2e5f2"],
  ["windows-1252", "“Grüße” €", "934772fcdf65942080"],
  ["windows-1253", "Γειά", "c3e5e9dc"],
  ["windows-1254", "İğş", "ddf0fe"],
  ["windows-1255", "שלום", "f9ece5ed"],
  ["windows-1256", "مرحبا", "e3d1cdc8c7"],
  ["windows-1257", "Ąžuolė", "c0fe756f6ceb"],
  ["windows-1258", "đươ", "f0fdf5"],
  ["x-mac-cyrillic", "Привет", "8ff0e8e2e5f2"],
  ["gbk", "你好", "c4e3bac3"],
  ["gb18030", "你好😀", "c4e3bac39439fc36"],
  ["big5", "你好", "a741a66e"],
  ["euc-jp", "日本語", "c6fccbdcb8ec"],
  ["iso-2022-jp", "日本語", "1b2442467c4b5c386c1b2842"],
  ["shift_jis", "日本語", "93fa967b8cea"],
  ["euc-kr", "안녕", "bec8b3e7"],
  ["utf-16be", "Grüße 日本", "0047007200fc00df0065002065e5672c"],
  ["utf-16le", "Grüße 日本", "47007200fc00df0065002000e5652c67"],
  ["x-user-defined", "a\uf780\uf7ff", "6180ff"],
])("text and subject in %s arrive as what they say", async (charset, text, hex) => {
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
