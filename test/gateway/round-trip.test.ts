import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { simpleParser } from "mailparser";
import type { ReceivedContent } from "../../src/bitmessage/messaging/types.js";
import { decodeContent } from "../../src/bitmessage/protocol/content.js";
import { composeIncoming } from "../../src/gateway/incoming/mapping.js";
import { encodeOutgoing, readOutgoing } from "../../src/gateway/outgoing/mapping.js";
import type { SmtpError } from "../../src/mail/smtp/error.js";
import { createWorld, DOMAIN, hashOf, mailOf, receivedOf, START, textOf } from "./world.js";

const world = createWorld();

function refusalOf(...lines: string[]): string {
  try {
    encode(mailOf(...lines));
  } catch (error) {
    const { responseCode, enhancedCode } = error as SmtpError;
    return `${responseCode} ${enhancedCode}`;
  }
  return "nothing was refused";
}

function encode(bytes: Uint8Array) {
  const mail = readOutgoing(bytes, START);
  const settings = { threadHeaders: "on", attachments: "extended" } as const;
  return encodeOutgoing(mail, { messageId: mail.messageId ?? "made@here", parents: [], ...settings });
}

function contentOf({ encoding, content }: ReturnType<typeof encode>) {
  const decoded = decodeContent(encoding, content);
  if (decoded.kind !== "content") throw new Error(decoded.kind);
  return decoded;
}

async function composed(content: Partial<Omit<TextContent, "kind">>, encoding = 2) {
  const message = receivedOf(world, { text: content, encoding });
  const thread = { messageId: `${message.hash}@${DOMAIN}`, inReplyTo: [], references: [] };
  const bytes = await composeIncoming(message, {
    user: "anna",
    addresses: world.addresses,
    domain: DOMAIN,
    thread,
  });
  return { bytes, text: textOf(bytes), mail: await simpleParser(Buffer.from(bytes)) };
}

type TextContent = Extract<ReceivedContent, { kind: "text" }>;

const head = ["From: a@b", "To: c@d", "Message-ID: <one@client>"];

describe("what cannot be sent", () => {
  test("reports; signed and encrypted parts that would not stay as they are", () => {
    const parts = ["--x", "", "text", "--x", "Content-Type: application/pgp-signature", "", "s", "--x--"];
    const type = (subtype: string) => `Content-Type: multipart/${subtype}; boundary=x`;
    expect(refusalOf(...head, type("report"), "", ...parts)).toBe("550 5.6.1");
    for (const subtype of ["signed", "encrypted"]) {
      expect(refusalOf(...head, type(subtype), "", ...parts, "a".repeat(999))).toBe("550 5.6.1");
      const simple = "X-Bitmessage-Encoding: simple";
      expect(refusalOf(...head, type(subtype), simple, "", ...parts)).toBe("550 5.6.1");
    }
  });

  test("control fields that cannot be read", () => {
    const wrong = [
      "X-Bitmessage-TTL: soon",
      "X-Bitmessage-TTL: 60",
      "X-Bitmessage-TTL: 99999999",
      "Expires: tomorrow",
      "Expires: Thu, 01 Jan 1970 00:00:00 +0000",
      "X-Bitmessage-Ack: maybe",
      "X-Bitmessage-Encoding: 9",
      "X-Bitmessage-Max-Work: -1",
    ];
    for (const field of wrong)
      expect(`${field} ${refusalOf(...head, field, "", "text")}`).toBe(`${field} 550 5.6.0`);
  });

  test("more than recipients unpack, however well it is squeezed", () => {
    const attachment = "Content-Type: application/zip; name=zeros.zip";
    expect(refusalOf(...head, attachment, "", "0".repeat(1_048_576))).toBe("552 5.3.4");
  });

  test("an attachment in an encoding that holds none", () => {
    const attachment = ["Content-Type: application/pdf; name=a.pdf", "X-Bitmessage-Encoding: simple"];
    expect(refusalOf(...head, ...attachment, "", "%PDF")).toBe("550 5.6.1");
  });
});

describe("mail to message", () => {
  test("charset, transfer encoding and encoded subject are undone; lines end with LF", () => {
    const content = contentOf(
      encode(
        mailOf(
          ...head,
          "Subject: =?iso-8859-1?Q?Gr=FC=DFe?= =?utf-8?B?4pyT?=",
          "Content-Type: text/plain; charset=iso-8859-1",
          "Content-Transfer-Encoding: quoted-printable",
          "",
          "Gr=FC=",
          "=DFe",
          "end",
        ),
      ),
    );
    expect(content).toMatchObject({ encoding: 2, subject: "Grüße✓", body: "Grüße\nend\n" });
  });

  test("flowed text is unwrapped", () => {
    const type = "Content-Type: text/plain; format=flowed; delsp=no";
    const content = contentOf(encode(mailOf(...head, type, "", "one ", "two", " > three")));
    expect(content.body).toBe("one two\n> three\n");
  });

  test("of alternatives the plain text; HTML alone becomes text", () => {
    const html = ["Content-Type: text/html; charset=utf-8", "", "<h1>Big</h1><p>a <b>b</b></p><img src=x>"];
    const alternative = "Content-Type: multipart/alternative; boundary=x";
    const both = mailOf(...head, alternative, "", "--x", "", "plain", "--x", ...html, "--x--");
    expect(contentOf(encode(both))).toMatchObject({ encoding: 3, body: "plain", files: [] });
    expect(contentOf(encode(mailOf(...head, ...html))).body).toBe("Big\n\na b");
  });

  test("attachments go as files of the extended encoding, none is dropped", () => {
    const content = contentOf(
      encode(
        mailOf(
          ...head,
          "Subject: files",
          "Content-Type: multipart/mixed; boundary=x",
          "",
          "--x",
          "",
          "see these",
          "--x",
          "Content-Type: image/png; name*=utf-8''%C3%BC.png",
          "Content-Transfer-Encoding: base64",
          "Content-Disposition: inline",
          "",
          "AAEC",
          "--x",
          "Content-Type: message/rfc822",
          "",
          "Subject: inner",
          "",
          "inner text",
          "--x",
          'Content-Disposition: attachment; filename="../../etc/passwd"',
          "",
          "text",
          "--x--",
        ),
      ),
    );
    expect(content).toMatchObject({ encoding: 3, subject: "files", body: "see these" });
    expect(content.files.map(({ name, type, disposition }) => `${name} ${type} ${disposition}`)).toEqual([
      "ü.png image/png inline",
      "part-2.eml message/rfc822 attachment",
      "passwd text/plain attachment",
    ]);
    expect([...content.files[0]!.data]).toEqual([0, 1, 2]);
    expect(textOf(content.files[1]!.data)).toBe("Subject: inner\r\n\r\ninner text");
  });

  test("only what threads need goes along; nothing tells of machine, time zone or others", () => {
    const secrets = [
      "User-Agent: U",
      "X-Mailer: X",
      "Received: from r",
      "Date: Thu, 1 Jan 2026 00:00:00 +0530",
    ];
    const fields = ["Cc: other@x", "Bcc: hidden@x", "In-Reply-To: <p@q>", "References: <o@q> <p@q>"];
    const { content, encoding } = encode(
      mailOf(...head, ...secrets, ...fields, "Auto-Submitted: auto-replied", "Subject: s", "", "b"),
    );
    expect(encoding).toBe(2);
    expect(textOf(content)).toBe(
      "Subject:s\nMessage-ID: <one@client>\nIn-Reply-To: <p@q>\nReferences: <o@q> <p@q>\nAuto-Submitted: auto-replied\nBody:b\n",
    );
  });

  test("control fields decide about this mail", () => {
    const fields = [
      "X-Bitmessage-TTL: 7200",
      "X-Bitmessage-Ack: No",
      "X-Bitmessage-Encoding: trivial",
      "X-Bitmessage-Max-Work: 5",
    ];
    const mail = readOutgoing(mailOf(...head, ...fields, "", "b"), START);
    expect(mail.control).toEqual({ ttl: 7200, acknowledgement: "unwanted", encoding: 1, maximumWork: 5 });
    const expires = `Expires: ${new Date((START + 86_400) * 1000).toUTCString()}`;
    expect(readOutgoing(mailOf(...head, expires, "", "b"), START).control.ttl).toBe(86_400);
  });

  test("whatever the octets are: content, or a refusal in SMTP's words", () => {
    const line = fc.constantFrom(
      "Content-Type: multipart/mixed; boundary=x",
      "--x",
      "--x--",
      "",
      "Subject: =?utf-8?B?",
      "text",
      "Content-Type: text/html",
    );
    const mail = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(line, { maxLength: 12 }).map((lines) => mailOf(...lines)),
    );
    fc.assert(
      fc.property(mail, (bytes) => {
        try {
          expect(contentOf(encode(bytes)).kind).toBe("content");
        } catch (error) {
          expect((error as Error).name).toBe("SmtpError");
        }
      }),
    );
  });
});

describe("message to mail", () => {
  test("the header as users know it", async () => {
    world.stores.contacts.save({
      user: "anna",
      address: receivedOf(world).from,
      label: "Böb",
      blocked: false,
    });
    const { mail, text } = await composed({ subject: "Grüße" });
    expect(mail.from?.value).toEqual([{ name: "Böb", address: `${receivedOf(world).from}@${DOMAIN}` }]);
    expect(mail.subject).toBe("Grüße");
    expect(text).toContain("Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n");
    expect(text).toContain(`Message-ID: <${hashOf("message")}@${DOMAIN}>\r\n`);
    expect(text).toContain("X-Bitmessage-Encoding: simple\r\n");
    expect(text).toContain(`X-Bitmessage-Hash: ${hashOf("message")}\r\n`);
    expect(text).toContain("X-Bitmessage-Expires: Sat, 18 Nov 2023 22:13:20 +0000\r\n");
    expect(text).not.toMatch(/^(?:Reply-To|List-)/m);
  });

  test("the same message makes the same octets", async () => {
    const files = [{ name: "a", data: new Uint8Array(3), type: "image/png", disposition: "inline" as const }];
    const [one, two] = [await composed({ files }, 3), await composed({ files }, 3)];
    expect(one.text).toBe(two.text);
  });

  test("files cannot choose structure, paths or hidden types", async () => {
    const data = new Uint8Array(Buffer.from("Subject: x\r\n\r\n--boundary--"));
    const wrong = [
      ["../../.bashrc", "multipart/mixed; boundary=x"],
      ["C:\\windows\\calc.exe\r\nX: y", "message/rfc822"],
      ["con.txt", 'text/html\r\nX-Injected: "yes"'],
      ["", "nonsense"],
      ["\u202egnp.exe", "image/png; name=evil.exe"],
    ] as const;
    const files = wrong.map(([name, type]) => ({ name, type, data, disposition: "inline" as const }));
    const { mail, text } = await composed({ files }, 3);
    expect(
      mail.attachments.map(({ filename, contentType, contentDisposition }) => [
        filename,
        contentType,
        contentDisposition,
      ]),
    ).toEqual([
      ["bashrc", "application/octet-stream", "attachment"],
      ["calc.exe X_ y", "application/octet-stream", "attachment"],
      ["_con.txt", "text/plain", "attachment"],
      ["part-4", "application/octet-stream", "attachment"],
      ["gnp.exe", "image/png", "inline"],
    ]);
    expect(mail.attachments.every(({ content }) => content.equals(Buffer.from(data)))).toBe(true);
    expect(text).not.toMatch(/^X-Injected/m);
  });

  test("an unknown encoding is explained, its octets are attached", async () => {
    const raw = new Uint8Array([1, 2, 3]);
    const message = receivedOf(world, { encoding: 77, content: { kind: "placeholder", raw } });
    const thread = { messageId: "a@b", inReplyTo: [], references: [] };
    const bytes = await composeIncoming(message, {
      user: "anna",
      addresses: world.addresses,
      domain: DOMAIN,
      thread,
    });
    const mail = await simpleParser(Buffer.from(bytes));
    expect(mail.text).toContain("number 77");
    expect([...mail.attachments[0]!.content]).toEqual([1, 2, 3]);
    expect(textOf(bytes)).toContain("X-Bitmessage-Encoding: 77\r\n");
  });

  test("hostile text makes a well-formed mail with our header fields and no others", async () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary", maxLength: 1200 }),
      fc
        .array(
          fc.constantFrom(
            "\r",
            "\n",
            "\r\n",
            "\0",
            "Bcc: x@y",
            "\r\n\r\n",
            "=?utf-8?Q?=0D=0ABcc:x?=",
            "\u2028",
            "\ud800",
            "--",
            "Subject:",
            "ü",
            " ",
          ),
          { maxLength: 30 },
        )
        .map((parts) => parts.join("")),
    );
    const allowed =
      /^(?:From|To|Subject|Date|Message-ID|X-Bitmessage-(?:Encoding|Hash|Expires|Claimed-Date)|MIME-Version|Content-Type|Content-Transfer-Encoding|Auto-Submitted): ?|^[ \t]+\S/;
    await fc.assert(
      fc.asyncProperty(hostile, hostile, hostile, async (subject, body, value) => {
        const { text } = await composed({ subject, body, headers: { "auto-submitted": value, date: value } });
        const end = text.indexOf("\r\n\r\n");
        for (const line of text.slice(0, end).split("\r\n")) expect(line).toMatch(allowed);
        expect(text).not.toMatch(/[\0]|\r(?!\n)|(?<!\r)\n|[^\r\n]{999}/);
        expect(text.slice(0, end)).toMatch(/^[ -~\r\n]*$/);
      }),
      { numRuns: 200 },
    );
  });
});

test("there and back: subject, body and thread of any text mail", async () => {
  const word = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
    .map((text) => text.replace(/[\s\p{C}]+/gu, "x"));
  const subjects = fc.array(word, { maxLength: 8 }).map((words) => words.join(" "));
  const bodies = fc.array(
    fc.oneof(word, fc.constantFrom("", " ", "> quoted", "-- ", "From x", ".", "a\tb ", "=3D", "Body:x")),
    { maxLength: 10 },
  );
  await fc.assert(
    fc.asyncProperty(subjects, bodies, async (subject, lines) => {
      const body = lines.map((line) => `${line}\n`).join("");
      const encoded = (text: string) => Buffer.from(text).toString("base64");
      const subjectField = subject === "" ? "Subject:" : `Subject: =?utf-8?B?${encoded(subject)}?=`;
      const mail = mailOf(
        ...head,
        subjectField,
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
        "",
        encoded(body),
      );
      const content = contentOf(encode(mail));
      expect(content).toMatchObject({ body, headers: { "message-id": "<one@client>" } });
      const { kind: _kind, ...text } = content;
      const back = await composed(text);
      const again = readOutgoing(back.bytes, START);
      expect({ subject: again.subject, body: again.body }).toEqual({ subject: content.subject, body });
      expect(content.subject).toBe(subjectAsKept(subject));
    }),
    { numRuns: 150 },
  );
});

/** 500 octets are read of a subject. */
function subjectAsKept(subject: string): string {
  return new TextDecoder().decode(Buffer.from(subject).subarray(0, 500), { stream: true });
}
