import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isBridgeAddress } from "../../../src/gateway/addresses.js";
import { relayedForm } from "../../../src/gateway/handover/relayed-mail.js";
import { parseMime } from "../../../src/mail/mime/parse.js";
import { addressOf, mailOf, START, textOf } from "../world.js";

const own = `${addressOf("anna")}@bm.localhost`;
const bob = `${addressOf("bob")}@bm.localhost`;
const form = {
  from: "anna@example.org",
  domain: "bm.localhost",
  id: "q1",
  time: START,
  isOurs: (mailAddress: string) => isBridgeAddress(mailAddress, "bm.localhost"),
};

const relayed = (...lines: string[]) => textOf(relayedForm(mailOf(...lines), form));

describe("mail that leaves for ordinary recipients", () => {
  test("From is the ordinary address under the name that was written", () => {
    expect(relayed(`From: =?utf-8?q?J=C3=B6rg?= <${own}>`, "To: eve@example.com", "", "x")).toMatch(
      /\r\nFrom: =\?UTF-8\?Q\?J=C3=B6rg\?= <anna@example\.org>\r\n/,
    );
    expect(relayed(`From: ${own}`, "", "x")).toContain("\r\nFrom: anna@example.org\r\n");
  });

  test("what stays on this machine", () => {
    const text = relayed(
      "Received: from laptop ([192.168.1.7]) by bridge",
      `From: <${own}>`,
      "To: Eve <eve@example.com>",
      "Bcc: secret@example.com",
      "User-Agent: Mozilla Thunderbird",
      "X-Mailer: mutt",
      "X-Originating-IP: 192.168.1.7",
      "X-Bitmessage-TTL: 3600",
      "Autocrypt: addr=BM-x; keydata=x",
      "Date: Tue, 14 Nov 2023 23:13:20 +0100",
      "Subject: Hello",
      "",
      "body",
    );
    expect(text).toBe(
      "Received: by bm.localhost with ESMTP id q1;\r\n\tTue, 14 Nov 2023 22:13:20 +0000\r\n" +
        "From: anna@example.org\r\nTo: Eve <eve@example.com>\r\n" +
        "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nSubject: Hello\r\n\r\nbody\r\n",
    );
  });

  test("Bitmessage recipients are nobody else's business", () => {
    const text = relayed(
      `From: ${own}`,
      `To: Bob <${bob}>, Eve <eve@example.com>`,
      `Cc: ${addressOf("chan")}@bm.addr, friends: ${bob};`,
      `Reply-To: ${own}`,
      `Disposition-Notification-To: ${own}`,
      "",
      "x",
    );
    expect(text).not.toMatch(/BM-|bm\.addr|friends|Reply-To|Disposition/);
    expect(text).toContain("\r\nTo: Eve <eve@example.com>\r\n");
  });

  test("a mail to nobody whom it may name says so", () => {
    expect(relayed(`From: ${own}`, `To: ${bob}`, "", "x")).toContain("To: undisclosed-recipients:;\r\n");
    expect(relayed(`From: ${own}`, "Bcc: eve@example.com", "", "x")).not.toContain("eve@");
  });

  test("a Reply-To elsewhere, threads and everything else stay as they were written", () => {
    const lines = [
      "Reply-To: team@example.org",
      "References: <a@b>\r\n <c@d>",
      "Content-Type: multipart/signed; boundary=x",
      "X-Own: kept  exactly ",
    ];
    const text = relayed(`From: ${own}`, "To: eve@example.com", ...lines, "", "--x", " trailing ", "--x--");
    for (const line of lines) expect(text).toContain(`${line}\r\n`);
    expect(text.slice(text.indexOf("\r\n\r\n"))).toBe("\r\n\r\n--x\r\n trailing \r\n--x--\r\n");
  });

  test("lines that are no fields do not travel, and names cannot add fields", () => {
    const text = relayed("no field at all", `From: "a=?utf-8?q?=0D=0ABcc:_evil?=" <${own}>`, "", "x");
    expect(text).not.toContain("no field at all");
    expect(parseMime(new Uint8Array(Buffer.from(text))).fields.map((field) => field.name)).toEqual([
      "Received",
      "From",
      "To",
    ]);
  });

  test("whatever is written, the header is well-formed, shows no Bitmessage address but in texts, and the body is kept", () => {
    const name = fc.constantFrom(
      "From",
      "To",
      "Cc",
      "Bcc",
      "Reply-To",
      "Date",
      "X-Mailer",
      "Sender",
      "Subject",
    );
    const value = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.constantFrom(
        own,
        `"a" <${bob}>`,
        "eve@example.com, x",
        "a: b@c.d;",
        "(",
        "\\",
        "<",
        "=?utf-8?q?=0A?=",
      ),
    );
    const field = fc.tuple(name, value).map(([key, text]) => `${key}: ${text.replace(/[\r\n]/g, " ")}`);
    fc.assert(
      fc.property(fc.array(field, { maxLength: 8 }), fc.string(), (fields, body) => {
        const mail = mailOf(...fields, "", body.replace(/[\r\n]/g, " "));
        const result = relayedForm(mail, form);
        const root = parseMime(result);
        expect(root.fields.every((one) => one.name !== "")).toBe(true);
        const addresses = root.fields.filter((one) => /^(from|to|cc|reply-to|sender|bcc)$/i.test(one.name));
        expect(addresses.some((one) => one.value.includes("BM-"))).toBe(false);
        expect(textOf(result.subarray(root.bodyStart))).toBe(
          textOf(mail.subarray(parseMime(mail).bodyStart)),
        );
      }),
    );
  });
});
