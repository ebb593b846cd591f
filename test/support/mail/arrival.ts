import { expect } from "@jest/globals";
import { simpleParser } from "mailparser";
import { decodeBody, decodeText } from "../../../src/mail/mime/decode.js";
import { decodeEncodedWords, findField, findFields } from "../../../src/mail/mime/headers.js";
import { latin1Decode } from "../../../src/mail/mime/latin1.js";
import { parseMessageIds } from "../../../src/mail/mime/message-id.js";
import { parseMime } from "../../../src/mail/mime/parse.js";
import type { CorpusMail } from "./build.js";
import { expectedEntity, LEFT_OUT, leavesOf, ON_ARRIVAL } from "./differences.js";
import { expectMail } from "./well-formed.js";

/**
 * That a mail of the corpus has arrived as it must, by its own word and the lists of differences.
 * @param sent as the sender's Sent folder holds it
 */
export async function expectArrival(mail: CorpusMail, sent: Uint8Array, arrived: Uint8Array): Promise<void> {
  expectMail(arrived);
  expectHeader(mail, sent, arrived);
  await expectContent(mail, sent, arrived);
}

function expectHeader(mail: CorpusMail, sent: Uint8Array, arrived: Uint8Array): void {
  const [before, after] = [parseMime(sent), parseMime(arrived)];
  for (const { name } of after.fields) expect(name.toLowerCase()).toMatch(ON_ARRIVAL);
  const isNoise = mail.differences.includes("noise left out");
  for (const { name } of before.fields) {
    const isKnown = /^content-/i.test(name) || LEFT_OUT.some((pattern) => pattern.test(name.toLowerCase()));
    if (!isKnown && !isNoise && !/^From /.test(name)) throw new Error(`${name} is lost`);
  }
  const subject = decodeEncodedWords(findField(after, "subject")?.value ?? "").trim();
  expect(subject).toBe(mail.subject);
  const ids = (part: typeof before, name: string) => parseMessageIds(findField(part, name)?.value ?? "");
  const [id, ...others] = ids(after, "message-id");
  expect(others).toEqual([]);
  expect(ids(before, "message-id")).toEqual([id]);
  if (mail.differences.includes("Message-ID made")) expect(id).toMatch(/@bm\.localhost>$/);
  if (!mail.differences.includes("ids left out")) {
    const [references, replied] = [ids(before, "references"), ids(before, "in-reply-to")];
    expect(ids(after, "in-reply-to")).toEqual(replied);
    expect(ids(after, "references")).toEqual(references.length > 0 ? references : replied);
  }
  const automatic = /^\s*(auto-[a-z]+)/.exec(findField(before, "auto-submitted")?.value ?? "")?.[1];
  expect(findField(after, "auto-submitted")?.value.trim()).toBe(automatic);
  const dates = findFields(after, "date").map(({ value }) => value);
  expect(dates).toEqual([expect.stringMatching(/^ \w{3}, \d+ \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/)]);
}

async function expectContent(mail: CorpusMail, sent: Uint8Array, arrived: Uint8Array): Promise<void> {
  const root = parseMime(arrived);
  const written = latin1Decode(arrived);
  const { arrival } = mail;
  if (arrival.as !== "octets" || !/pgp|s\/mime|forwarded|digest/i.test(mail.name))
    expect(written).not.toMatch(/secret|0530/);
  switch (arrival.as) {
    case "octets": {
      expect(written).toContain("\r\nX-Bitmessage-Encoding: extended\r\n");
      const entity = expectedEntity(sent);
      expect(written.slice(-entity.length)).toBe(entity);
      expect(
        /^X-Bitmessage-Expires: [^\r\n]*\r\nMIME-Version: 1\.0\r\n$/m.test(
          `${written.slice(0, -entity.length)}`,
        ),
      ).toBe(true);
      await expectSameParts(sent, arrived);
      break;
    }
    case "text":
      expect(`${root.type}/${root.subtype}`).toBe("text/plain");
      expect(textOf(arrived)).toBe(arrival.text + (mail.differences.includes("line end added") ? "\n" : ""));
      break;
    case "written anew":
      expect(written).toContain("\r\nX-Bitmessage-Encoding: extended\r\n");
      expect(leavesOf(arrived).map(({ label }) => label)).toEqual(arrival.parts);
      expect(leavesOf(arrived).map(({ data }) => data)).toEqual(leavesOf(sent).map(({ data }) => data));
      break;
    case "text and files":
      expect(leavesOf(arrived).map(({ label }) => label)).toEqual(arrival.parts);
      expect(decodeText(decodeBody(arrived, root.children[0]!), "utf-8").replaceAll("\r\n", "\n")).toBe(
        arrival.text,
      );
      break;
  }
}

function textOf(bytes: Uint8Array): string {
  const root = parseMime(bytes);
  return decodeText(decodeBody(bytes, root), root.parameters.get("charset") ?? "").replaceAll("\r\n", "\n");
}

/** As another parser reads them. */
async function expectSameParts(sent: Uint8Array, arrived: Uint8Array): Promise<void> {
  const [before, after] = await Promise.all([sent, arrived].map((bytes) => simpleParser(Buffer.from(bytes))));
  const partsOf = (mail: typeof before) =>
    mail?.attachments.map(({ filename, contentType, contentDisposition, cid, content }) => ({
      filename,
      contentType,
      contentDisposition,
      cid,
      content: content.toString("latin1"),
    }));
  expect(partsOf(after)).toEqual(partsOf(before));
  expect(after?.text).toBe(before?.text);
  expect(after?.html).toBe(before?.html);
}
