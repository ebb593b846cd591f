import { randomBytes } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { simpleParser } from "mailparser";
import { decodeContent } from "../../../src/bitmessage/protocol/content.js";
import { expectWellFormed, received, type SentContent, sent } from "../../support/mail/mapping.js";
import { createWorld, DOMAIN, mailOf, messagesIn, receivedOf, textOf } from "../world.js";

const head = ["From: a@b", "To: c@d", "Message-ID: <one@client>"];
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const bodyOf = (text: string) => text.slice(text.indexOf("\r\n\r\n") + 4);

async function across(...lines: string[]): Promise<string> {
  return await received(sent(mailOf(...head, ...lines)));
}

const png = Buffer.from(randomBytes(300)).toString("base64").replace(/.{76}/g, "$&\r\n");

const rich = [
  "Content-Type: multipart/mixed;",
  '\tboundary="Apple-Mail=_1"',
  "",
  "This is a multi-part message in MIME format.",
  "--Apple-Mail=_1",
  "Content-Type: multipart/alternative; boundary=alt",
  "",
  "--alt",
  "Content-Type: text/plain; charset=iso-8859-1; format=flowed",
  "Content-Transfer-Encoding: quoted-printable",
  "",
  "Gr=FC=DFe ",
  "=20",
  "--alt",
  "Content-Type: multipart/related; boundary=rel",
  "",
  "--rel",
  "Content-Type: text/html; charset=utf-8",
  "Content-Transfer-Encoding: base64",
  "",
  Buffer.from("<b>Grüße</b><img src='cid:one'>").toString("base64"),
  "",
  "--rel",
  "Content-Type: image/png; name*=utf-8''%C3%BC.png",
  "Content-Transfer-Encoding: base64",
  "Content-ID: <one>",
  "Content-Disposition: inline",
  "",
  png,
  "--rel--",
  "--alt--",
  "",
  "--Apple-Mail=_1",
  "Content-Type: message/rfc822",
  "",
  "Received: from x",
  "Subject: inner",
  "",
  "inner text",
  "--Apple-Mail=_1--",
  "epilogue",
];

const signed = [
  "Content-Type: multipart/signed; micalg=pgp-sha256;",
  ' protocol="application/pgp-signature"; boundary="s"',
  "",
  "--s",
  'Content-Type: multipart/mixed; boundary="m"; protected-headers="v1"',
  "From: a@b",
  "Subject: kept",
  "X-Odd:  spaces ",
  "",
  "--m",
  "Content-Type: text/plain; charset=utf-8",
  "Content-Transfer-Encoding: quoted-printable",
  "",
  "trailing=20",
  "--m",
  "Content-Disposition: attachment; filename=a.txt; creation-date=now",
  "Content-Transfer-Encoding: base64",
  "",
  "AAEC",
  "--m--",
  "",
  "--s",
  'Content-Type: application/pgp-signature; name="signature.asc"',
  "",
  "-----BEGIN PGP SIGNATURE-----",
  "abc",
  "-----END PGP SIGNATURE-----",
  "",
  "--s--",
];

describe("from one bridge to another", () => {
  test.each([
    ["alternatives, an inline picture, a message", rich],
    ["PGP/MIME, signed", signed],
    ["HTML alone", ["Content-Type: text/html", "Content-Language: de", "", "<p>x"]],
    ["a file alone", ["Content-Type: image/png", "Content-Transfer-Encoding: base64", "", png]],
    ["two texts", ["Content-Type: multipart/mixed; boundary=x", "", "--x", "", "a", "--x", "", "b", "--x--"]],
  ])("%s: the body stays octet for octet", async (_name, lines) => {
    const text = await across("Subject: s", ...lines);
    const mail = textOf(mailOf(...lines));
    expect(text.endsWith(mail)).toBe(true);
    expect(bodyOf(text)).toBe(bodyOf(mail));
    const names = [...text.slice(0, text.indexOf("\r\n\r\n")).matchAll(/^([\w-]+):/gm)].map(
      ([, name]) => name,
    );
    expect(new Set(names).size).toBe(names.length);
  });

  test("what others read: the plain text and the files", () => {
    const content = sent(mailOf(...head, ...rich));
    expect(content.body).toBe("Grüße\n");
    expect(content.files.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "ü.png image/png",
      "part-2.eml message/rfc822",
    ]);
    expect(sent(mailOf(...head, ...signed)).body).toBe("trailing ");
  });

  test("encrypted mail shows what there is to decrypt", async () => {
    const armour = ["-----BEGIN PGP MESSAGE-----", "", "abcd", "-----END PGP MESSAGE-----"];
    const lines = [
      'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=e',
      "",
      "--e",
      "Content-Type: application/pgp-encrypted",
      "",
      "Version: 1",
      "--e",
      'Content-Type: application/octet-stream; name="encrypted.asc"',
      "",
      ...armour,
      "--e--",
    ];
    const content = sent(mailOf(...head, ...lines));
    expect(content.body).toBe(`This message is encrypted (PGP/MIME).\n\n${armour.join("\n")}`);
    expect((await received(content)).endsWith(textOf(mailOf(...lines)))).toBe(true);
    const smime = [
      "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
      "Content-Transfer-Encoding: base64",
      "",
      png,
    ];
    expect(sent(mailOf(...head, ...smime)).body).toContain("S/MIME");
    expect((await across(...smime)).endsWith(textOf(mailOf(...smime)))).toBe(true);
  });

  test("fields and times that tell of the sender go, except where they are signed", async () => {
    const text = await across(
      "X-Mailer: secret",
      "Received: from secret",
      "Content-Type: multipart/mixed; boundary=x",
      "",
      "--x",
      "X-Apple-Secret: 1",
      "",
      "text",
      "--x",
      "Content-Type: application/pdf",
      'Content-Disposition: attachment; creation-date="Thu, 1 Jan 2026 00:00:00 +0530"; filename=a.pdf',
      "",
      "%PDF",
      "--x--",
    );
    expect(text).not.toMatch(/secret|0530/i);
    expect(text).toContain("--x\r\n\r\ntext\r\n--x\r\n");
    expect(text).toContain("Content-Disposition: attachment; filename=a.pdf\r\n\r\n%PDF\r\n--x--");
  });

  test("an attachment takes its own size once, whatever its transfer encoding", () => {
    const data = randomBytes(100_000);
    const encoded = data.toString("base64").replace(/.{76}/g, "$&\r\n");
    const part = [
      "Content-Type: application/zip; name=a.zip",
      "Content-Transfer-Encoding: base64",
      "",
      encoded,
    ];
    const lines = [
      "Content-Type: multipart/mixed; boundary=x",
      "",
      "--x",
      "",
      "text",
      "--x",
      ...part,
      "--x--",
    ];
    const { size, original } = sent(mailOf(...head, ...lines));
    expect(original).toBeDefined();
    expect(size).toBeLessThan(100_500);
  });

  test("a long subject in any script arrives whole", async () => {
    const subject = "Здравствуйте ".repeat(38).trim();
    const field = `Subject: =?utf-8?B?${Buffer.from(subject).toString("base64")}?=`;
    const text = await across(field, "Content-Type: text/plain; charset=utf-8", "", "x");
    expect((await simpleParser(text)).subject).toBe(subject);
  });
});

test("submitted here, delivered there: the same parts, Message-ID, In-Reply-To and References", async () => {
  const [here, there] = [createWorld(), createWorld()];
  const thread = ["In-Reply-To: <b@x>", "References: <a@x>", " <b@x>"];
  const secrets = [
    "Received: from secret",
    "User-Agent: secret",
    "Cc: secret@x",
    "Date: Thu, 1 Jan 2026 00:00:00 +0530",
  ];
  const from = `From: ${here.own}@${DOMAIN}`;
  await here.submission.submit(
    here.anna,
    { sender: `${here.own}@${DOMAIN}`, recipients: [{ address: `${there.own}@${DOMAIN}` }] },
    mailOf(from, "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Message-ID: <c@x>", ...thread, ...secrets, ...rich),
  );
  const { encoding, content: bytes } = here.outbox.drafts[0]!;
  const content = decodeContent(encoding, bytes);
  if (content.kind !== "content") throw new Error(content.kind);
  const { kind: _kind, ...text } = content;
  const commit = await there.delivery.prepare(receivedOf(there, { encoding, text }));
  commit();
  const mail = messagesIn(there, "INBOX")[0]!.text;
  expect(mail).not.toMatch(/secret|0530/);
  const parsed = await simpleParser(mail);
  expect(parsed).toMatchObject({
    subject: "Grüße",
    messageId: "<c@x>",
    inReplyTo: "<b@x>",
    references: ["<a@x>", "<b@x>"],
  });
  expect(mail.endsWith(textOf(mailOf(...rich)))).toBe(true);
});

test("whatever mail is sent, a well-formed one arrives", async () => {
  const line = fc.constantFrom(
    ...[
      "Content-Type: multipart/mixed; boundary=x\r\n",
      "Content-Type: multipart/alternative; boundary=y\r\n",
    ],
    ...[
      "Content-Type: text/html\r\n",
      "Content-Type: message/rfc822\r\n",
      "Content-Type: multipart/signed; boundary=z\r\n",
    ],
    ...[
      "Content-Transfer-Encoding: base64\r\n",
      "Content-Disposition: attachment; filename=a/b; creation-date=x\r\n",
    ],
    ...[
      "--x\r\n",
      "--x--\r\n",
      "--y\r\n",
      "--z\r\n",
      "\r\n",
      "\n",
      "\r",
      "\0",
      " folded\r\n",
      "AAEC\r\n",
      "\xff\r\n",
      "X: y\n",
    ],
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 16 }), async (lines) => {
      let content: SentContent;
      try {
        content = sent(bytesOf(`From: a@b\r\nX-Bitmessage-Encoding: extended\r\n${lines.join("")}`));
      } catch (error) {
        expect((error as Error).name).toBe("SmtpError");
        return;
      }
      expectWellFormed(await received(content));
    }),
    { numRuns: 200 },
  );
});

const leaf = fc.record({
  type: fc.constantFrom(
    ...[
      "text/plain",
      "text/html",
      "text/calendar",
      "image/png; name=a.png",
      "application/zip",
      "message/rfc822",
    ],
  ),
  disposition: fc.constantFrom(
    "",
    "Content-Disposition: inline",
    "Content-Disposition: attachment; filename=b",
  ),
  data: fc.uint8Array({ maxLength: 300 }),
  lineLength: fc.constantFrom(4, 60, 76, 75, 900),
});
type Leaf = typeof leaf extends fc.Arbitrary<infer T> ? T : never;
interface Tree {
  readonly subtype: string;
  readonly children: readonly (Leaf | Tree)[];
}
const { tree } = fc.letrec<{ tree: Tree; node: Leaf | Tree }>((tie) => ({
  node: fc.oneof({ depthSize: "small", withCrossShrink: true }, leaf, tie("tree")),
  tree: fc.record({
    subtype: fc.constantFrom("mixed", "alternative", "related", "signed", "x-other"),
    children: fc.array(tie("node"), { minLength: 1, maxLength: 4 }),
  }) as fc.Arbitrary<Tree>,
}));

let boundaries = 0;
function write(node: Leaf | Tree): string {
  if ("data" in node) {
    const lines = Buffer.from(node.data)
      .toString("base64")
      .replace(new RegExp(`.{${node.lineLength}}`, "g"), "$&\r\n");
    const fields = [`Content-Type: ${node.type}`, node.disposition, "Content-Transfer-Encoding: base64"];
    return `${fields.filter((field) => field !== "").join("\r\n")}\r\n\r\n${lines}`;
  }
  const boundary = `b${boundaries++}`;
  const parts = node.children.map((child) => `\r\n--${boundary}\r\n${write(child)}`).join("");
  return `Content-Type: multipart/${node.subtype}; boundary=${boundary}\r\n\r\npreamble${parts}\r\n--${boundary}--\r\n`;
}

test("any tree of parts stays octet for octet", async () => {
  await fc.assert(
    fc.asyncProperty(tree, async (root) => {
      const entity = write(root);
      const text = await received(
        sent(bytesOf(`${[...head, "X-Bitmessage-Encoding: extended"].join("\r\n")}\r\n${entity}`)),
      );
      expect(text.endsWith(`\r\n${entity}`)).toBe(true);
    }),
    { numRuns: 150 },
  );
});
