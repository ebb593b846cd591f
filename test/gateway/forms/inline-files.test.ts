import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { simpleParser } from "mailparser";
import { decodeContent } from "../../../src/bitmessage/protocol/content.js";
import { readInlineFiles, withInlineFiles } from "../../../src/gateway/forms/inline-files.js";
import { composeIncoming } from "../../../src/gateway/incoming/mapping.js";
import { encodeOutgoing, readOutgoing } from "../../../src/gateway/outgoing/mapping.js";
import type { SmtpError } from "../../../src/mail/smtp/error.js";
import { createWorld, DOMAIN, mailOf, receivedOf, START } from "../world.js";

const world = createWorld();
const octets = (text: string) => new Uint8Array(Buffer.from(text));
const base64 = (text: string) => Buffer.from(text).toString("base64");

function encode(attachments: "inline" | "refuse", ...lines: string[]) {
  const mail = readOutgoing(mailOf("From: a@b", ...lines), START);
  const options = { messageId: "one@client", parents: [], threadHeaders: "off", attachments } as const;
  try {
    const { encoding, content } = encodeOutgoing(mail, options);
    const decoded = decodeContent(encoding, content);
    return decoded.kind === "content" ? decoded : decoded.kind;
  } catch (error) {
    return `${(error as SmtpError).responseCode} ${(error as SmtpError).enhancedCode}`;
  }
}

const withFile = [
  "Content-Type: multipart/mixed; boundary=x",
  "",
  "--x",
  "",
  "text",
  "--x",
  "Content-Type: application/pdf; name*=utf-8''%C3%BC%22'.pdf",
  "",
  "%PDF",
  "--x--",
];
const withMarkup = [
  "Content-Type: multipart/alternative; boundary=x",
  "",
  "--x",
  "",
  "text",
  "--x",
  "Content-Type: text/html",
  "",
  "<b>text</b>",
  "--x--",
];
const signed = [
  "Content-Type: multipart/signed; boundary=x",
  "",
  "--x",
  "",
  "text",
  "--x",
  "Content-Type: application/pgp-signature",
  "",
  "s",
  "--x--",
];

describe("written when the settings say so", () => {
  test("in the form that PyBitmessage's tools look for, in simple encoding", () => {
    expect(encode("inline", ...withFile)).toMatchObject({
      encoding: 2,
      body: `text\n<attachment alt = "ü__.pdf" src='data:application/pdf;base64, ${base64("%PDF")}' />`,
      files: [],
    });
  });

  test("mail with HTML goes as its text; signed mail is refused", () => {
    expect(encode("inline", ...withMarkup)).toMatchObject({ encoding: 2, body: "text" });
    expect(encode("inline", ...signed)).toBe("550 5.6.1");
  });

  test("the mail's own header goes before the settings", () => {
    expect(encode("inline", "X-Bitmessage-Encoding: extended", ...withFile)).toMatchObject({ encoding: 3 });
    expect(encode("inline", "X-Bitmessage-Encoding: trivial", ...withFile)).toBe("550 5.6.1");
  });

  test("refuse: attachments are, and nothing else is", () => {
    expect(encode("refuse", ...withFile)).toBe("550 5.6.1");
    expect(encode("refuse", "X-Bitmessage-Encoding: extended", ...withFile)).toBe("550 5.6.1");
    expect(encode("refuse", ...withMarkup)).toMatchObject({ encoding: 3 });
    expect(encode("refuse", ...signed)).toMatchObject({ encoding: 3 });
    expect(encode("refuse", "", "text")).toMatchObject({ encoding: 2 });
  });
});

describe("read always", () => {
  const data = base64("data");

  test("as the tools write it", () => {
    const { body, files } = readInlineFiles(
      `Hi\n<attachment alt = "a.txt" src='data:file/a.txt;base64, ${data}' />\n\n<img alt = "b.png" src='data:image/png;base64, ${data}' />\nbye`,
    );
    expect(body).toBe("Hi\n\nbye");
    expect(files).toEqual([
      { name: "a.txt", type: "file/a.txt", data: octets("data"), disposition: "attachment" },
      { name: "b.png", type: "image/png", data: octets("data"), disposition: "inline" },
    ]);
  });

  test.each([
    ["double quotes", `<attachment src="data:;base64,${data}">`, "part-1"],
    ["the name of the type", `<attachment src='data:file/x y.zip;base64,${data}'/>`, "x y.zip"],
    ["lines", `<attachment alt='n'\nsrc='data:a/b;base64,${data.slice(0, 4)}\r\n ${data.slice(4)}' />`, "n"],
    ["capitals", `<IMG ALT="n" SRC='data:image/png;base64,${data}'>`, "n"],
    ["a path", `<attachment alt="../../n" src='data:a/b;base64,${data}'>`, "n"],
  ])("with %s", (_name, form, name) => {
    const { body, files } = readInlineFiles(form);
    expect({ body, files: files.map((file) => [file.name, ...file.data]) }).toEqual({
      body: "",
      files: [[name, ...octets("data")]],
    });
  });

  test("within a line its name stays", () => {
    expect(readInlineFiles(`see <img alt="a.png" src='data:image/png;base64,${data}'> here`).body).toBe(
      "see [a.png] here",
    );
  });

  test.each([
    `<attachment alt="a" src='data:a/b;base64,' />`,
    `<attachment alt="a" src='data:a/b;base64,a&b' />`,
    `<attachment alt="a" src='data:a/b;base64,${data}`,
    `<attachment alt="a" src='data:a/b;base64,${data}' onload='x' />`,
    `<attachment alt="a" src='data:a/b,${data}' />`,
    `<attachments src='data:a/b;base64,${data}' />`,
    `<img src="https://x/y.png">`,
    "<img <img <attachment",
  ])("what is none stays text: %s", (body) => {
    expect(readInlineFiles(body)).toEqual({ body, files: [] });
  });

  test("any files, there and back", () => {
    const files = fc.array(
      fc.record({
        name: fc
          .stringMatching(/^[a-z]{1,9}\.[a-z]{1,3}$/)
          .filter((name) => !/^(con|prn|aux|nul)\./.test(name)),
        data: fc.uint8Array({ minLength: 1, maxLength: 50 }),
        type: fc.constantFrom("application/pdf", "image/png"),
        disposition: fc.constant("attachment" as const),
      }),
      { maxLength: 4 },
    );
    const texts = fc.string({ unit: "grapheme", maxLength: 60 });
    fc.assert(
      fc.property(texts, files, (body, list) => {
        expect(readInlineFiles(withInlineFiles(body, list))).toEqual({ body, files: list });
      }),
    );
  });

  test("hostile text is read in time that grows with its length", () => {
    const patterns = [
      "<img ",
      "<img src='data:;base64,",
      `<img src="data:;base64,'`,
      '<attachment alt="',
      "<img src=",
      " ",
      "a",
      "=",
    ];
    for (const pattern of patterns) {
      for (const start of ["", "<img src='data:;base64,"]) {
        const body = start + pattern.repeat(250_000 / pattern.length);
        const began = performance.now();
        expect(readInlineFiles(body).files).toEqual([]);
        expect(performance.now() - began).toBeLessThan(2000);
      }
    }
  });

  test("becomes an attachment of a mail that cannot choose what it is", async () => {
    const body = `text\n<attachment alt = "../a.html" src='data:text/html;base64, ${data}' />`;
    const message = receivedOf(world, { text: { body } });
    const thread = { messageId: "a@b", inReplyTo: [], references: [] };
    const context = { user: "anna", addresses: world.addresses, domain: DOMAIN, thread };
    const mail = await simpleParser(Buffer.from(await composeIncoming(message, context)));
    expect(mail.text?.trim()).toBe("text");
    expect(mail.attachments).toMatchObject([{ filename: "a.html", contentDisposition: "attachment" }]);
  });
});
