import { describe, expect, test } from "@jest/globals";
import { simpleParser } from "mailparser";
import { decodeBody, decodeText } from "../../src/mail/mime/decode.js";
import { decodeEncodedWords, findField, findFields } from "../../src/mail/mime/headers.js";
import { latin1Decode } from "../../src/mail/mime/latin1.js";
import { parseMessageIds } from "../../src/mail/mime/message-id.js";
import { parseMime } from "../../src/mail/mime/parse.js";
import type { CorpusMail } from "../support/mail/build.js";
import { mailCorpus } from "../support/mail/corpus.js";
import { type Crossing, TwoBridges } from "../support/mail/crossing.js";
import { expectedEntity, LEFT_OUT, leavesOf, NAMED, ON_ARRIVAL } from "../support/mail/differences.js";
import { expectMail } from "../support/mail/well-formed.js";

const corpus = mailCorpus();

test("the corpus: at least 300 mails, no two of one name, differences by their names", () => {
  expect(corpus.length).toBeGreaterThanOrEqual(300);
  expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
  for (const { differences } of corpus) for (const one of differences) expect(NAMED).toHaveProperty([one]);
});

describe("from one bridge to another nothing differs but what is meant to", () => {
  const bridges = new TwoBridges();
  test.each(corpus.map((mail) => [mail.name, mail] as const))("%s", async (_name, mail) => {
    const crossing = await bridges.cross(mail.bytes);
    if (mail.arrival.as === "refused") {
      expect(crossing).toMatchObject({ kind: "refused", code: mail.arrival.code });
      return;
    }
    if (crossing.kind !== "arrived") throw new Error(crossing.text);
    expectMail(crossing.mail);
    expectHeader(mail, crossing);
    await expectContent(mail, crossing);
  });
});

type Arrived = Extract<Crossing, { kind: "arrived" }>;

function expectHeader(mail: CorpusMail, { sent, mail: arrived }: Arrived): void {
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
  expect(findFields(after, "date").map(({ value }) => value)).toEqual([" Tue, 14 Nov 2023 22:13:20 +0000"]);
}

async function expectContent(mail: CorpusMail, { sent, mail: arrived, content }: Arrived): Promise<void> {
  const root = parseMime(arrived);
  const written = latin1Decode(arrived);
  const { arrival } = mail;
  if (arrival.as !== "octets" || !/pgp|s\/mime|forwarded|digest/i.test(mail.name))
    expect(written).not.toMatch(/secret|0530/);
  switch (arrival.as) {
    case "octets": {
      expect(content.encoding).toBe(3);
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
      expect(content.body.replaceAll("\0", "\ufffd")).toBe(arrival.text);
      break;
    case "written anew":
      expect(content.encoding).toBe(3);
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
