/** Texts, subjects and names in every charset and script; flowed text; headers as they are met. */
import {
  base64,
  type CorpusMail,
  encodedWord,
  encodedWords,
  extended,
  fileOctets,
  lines,
  mailOf,
  multipart,
  octets,
  part,
  quotedPrintable,
  RECIPIENT,
  SENDER,
  text,
  utf8,
} from "./build.js";
import { CHARSETS } from "./charsets.js";

/** The charset's text as body and subject, and as the name of a file, by each way of writing them. */
function inCharset([charset, said, hex]: (typeof CHARSETS)[number], seed: number): CorpusMail[] {
  const binary = Buffer.from(hex, "hex").toString("latin1");
  const isWide = charset.startsWith("utf-16");
  const form = isWide || charset === "iso-2022-jp" || seed % 2 === 0 ? "B" : "Q";
  const subjectField = `Subject: ${encodedWord(binary, charset, form)}`;
  const asQuoted = !isWide && seed % 2 === 0;
  const body = asQuoted ? quotedPrintable(`${binary}\r\n`) : base64(isWide ? binary : `${binary}\r\n`);
  const textMail = mailOf(`text in ${charset}`, {
    subject: said,
    subjectField,
    entity: part(
      [
        `Content-Type: text/plain; charset="${charset}"`,
        `Content-Transfer-Encoding: ${asQuoted ? "quoted-printable" : "base64"}`,
      ],
      body,
    ),
    arrival: text(isWide ? said : `${said}\n`),
    differences: isWide ? ["line end added"] : [],
  });
  const name = said.replace(/[^\p{L}\p{M}\p{N}]/gu, "") === "" ? "x" : said.replaceAll(/[“”"?]/g, "");
  const words = encodedWord(binary, charset, "B");
  const named = multipart("mixed", "cs", [
    part(
      [`Content-Type: text/plain; charset=${charset}`, "Content-Transfer-Encoding: base64"],
      base64(binary),
    ),
    part(
      [
        `Content-Type: image/png; name="${words}"`,
        `Content-Disposition: attachment; filename*=${extended(binary, charset)}`,
        "Content-Transfer-Encoding: base64",
      ],
      base64(fileOctets(seed, 50)),
    ),
  ]);
  return [
    textMail,
    mailOf(`file name in ${charset}: ${name}`, {
      header: ["MIME-Version: 1.0"],
      entity: named,
      arrival: octets,
    }),
  ];
}

/** format=flowed (RFC 3676): what is written, and what it says. */
const FLOWED: readonly (readonly [string, "yes" | "no", readonly string[], string])[] = [
  ["a paragraph", "no", ["one ", "two ", "three", "", "four"], "one two three\n\nfour\n"],
  ["DelSp", "yes", ["日本 ", "語 ", "text"], "日本語text\n"],
  ["quotes", "no", ["> one ", "> two", ">> three ", ">> four", "me"], "> one two\n>> three four\nme\n"],
  ["quotes, DelSp", "yes", ["> on ", "> e", "> two"], "> one\n> two\n"],
  ["signature", "no", ["text", "-- ", "name ", "more"], "text\n-- \nname more\n"],
  ["stuffing", "no", [" From here", "  indented", " > no quote"], "From here\n indented\n> no quote\n"],
  ["quote ends a paragraph", "no", ["one ", "> two"], "one \n> two\n"],
  ["only soft breaks", "no", ["one ", "two "], "one two \n"],
  ["empty lines", "no", ["", "", "x", ""], "\n\nx\n\n"],
];

function flowed([what, delSp, written, said]: (typeof FLOWED)[number]): CorpusMail {
  const type = `Content-Type: text/plain; charset=utf-8; format=flowed${delSp === "yes" ? "; delsp=yes" : ""}`;
  return mailOf(`flowed: ${what}`, {
    entity: part([type, "Content-Transfer-Encoding: 8bit"], utf8(lines(...written))),
    arrival: text(said),
    differences: ["flowed lines joined"],
  });
}

const SCRIPTS = [
  ["Arabic", "مرحبا بالعالم، كيف حالك؟"],
  ["Hebrew", "שלום עולם — מה שלומך?"],
  ["Persian with joiner", "می‌خواهم"],
  ["Hindi", "नमस्ते दुनिया"],
  ["Thai", "สวัสดีชาวโลก"],
  ["Chinese", "你好，世界！這是一個主題"],
  ["Japanese", "こんにちは世界。半角ｶﾅ"],
  ["Korean", "안녕하세요 세계"],
  ["Greek", "Γειά σου Κόσμε"],
  ["Russian", "Здравствуй, мир"],
  ["Georgian", "გამარჯობა მსოფლიო"],
  ["Amharic", "ሰላም ዓለም"],
  ["emoji with joiners", "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇩🇪"],
  ["mathematical", "𝒳 ∈ ℝ, ∀ε>0"],
  ["combining", "Ae\u0301 Z\u0351\u036b\u0343"],
  ["old Turkic, beyond the first plane", "𐱅𐰇𐰼𐰰"],
] as const;

function inScript([script, said]: (typeof SCRIPTS)[number], seed: number): CorpusMail[] {
  const body = `${said}\n${said} ${said}\n`;
  const subjects = [
    `Subject: ${encodedWords(said, "B")}`,
    `Subject: ${encodedWords(said, "Q")}`,
    `Subject: ${utf8(said)}`,
  ];
  return subjects.map((subjectField, index) =>
    mailOf(`${script}, subject ${["in base64", "in quoted-printable", "raw"][index]}`, {
      subject: said,
      subjectField,
      header: [`Reply-To: ${utf8(said)} <secret@bücher.example>`.replace("ü", utf8("ü"))],
      entity: part(
        [
          "Content-Type: text/plain; charset=UTF-8",
          `Content-Transfer-Encoding: ${["8bit", "base64", "quoted-printable"][seed % 3]}`,
        ],
        [utf8, (value: string) => base64(utf8(value)), (value: string) => quotedPrintable(utf8(value))][
          seed % 3
        ]!(body.replaceAll("\n", "\r\n")),
      ),
      arrival: text(body),
    }),
  );
}

/** File names in the ways that clients write them; all say the same. */
function fileNames(): CorpusMail[] {
  const name = "Übersicht – 2026 (letzte Fassung).pdf";
  const raw = utf8(name);
  const pieces = extended(raw)
    .slice("utf-8''".length)
    .match(/(?:%..|[^%]){1,12}/g)!;
  const ways: Record<string, string> = {
    "RFC 2231": `attachment; filename*=${extended(raw)}`,
    "RFC 2231 in pieces": `attachment;${pieces.map((piece, index) => `\r\n filename*${index}*=${index === 0 ? "utf-8''" : ""}${piece}`).join(";")}`,
    "RFC 2231 and a plain one": `attachment; filename="fallback.pdf"; filename*=${extended(raw)}`,
    "encoded words within quotes": `attachment; filename="${encodedWords(name)}"`,
    "encoded words in quoted-printable": `attachment; filename="${encodedWords(name, "Q")}"`,
    "raw UTF-8": `attachment; filename="${raw}"`,
  };
  return Object.entries(ways).map(([way, disposition]) =>
    mailOf(`file name: ${way}`, {
      header: ["MIME-Version: 1.0"],
      entity: multipart("mixed", "fn", [
        part(["Content-Type: text/plain"], "x\r\n"),
        part(
          [
            "Content-Type: application/pdf",
            `Content-Disposition: ${disposition}`,
            "Content-Transfer-Encoding: base64",
          ],
          base64(fileOctets(1, 99)),
        ),
      ]),
      arrival: octets,
    }),
  );
}

const said = "Hello.\n";
const entity = part(["Content-Type: text/plain"], "Hello.\r\n");

/** Fields of the header: how they are written, and what comes of them. */
function headers(): CorpusMail[] {
  const id = (value: string) => [
    `From: ${SENDER}`,
    `To: ${RECIPIENT}`,
    "Subject: A subject",
    ...(value === "" ? [] : [`Message-ID: ${value}`]),
  ];
  const plainMail = (name: string, draft: Partial<Parameters<typeof mailOf>[1]>) =>
    mailOf(`header: ${name}`, { entity, arrival: text(said), ...draft });
  const many = Array.from({ length: 400 }, (_, index) => `<reference.number.${index}@example.org>`);
  return [
    plainMail("no Message-ID", { usual: id(""), differences: ["Message-ID made"] }),
    plainMail("a Message-ID that is none", {
      usual: id("<with space@x y>"),
      differences: ["Message-ID made"],
    }),
    plainMail("a Message-ID without brackets", { usual: id("abc@def"), differences: ["Message-ID made"] }),
    plainMail("a Message-ID with every sign", { usual: id("<!#$%&'*+-/=?^_`{|}~.A1@x-y.example>") }),
    plainMail("a folded Message-ID", { usual: id("\r\n <folded@x.example>") }),
    plainMail("References folded, with a comment", {
      header: ["References: <a@b.example>\r\n\t(c) <c@d.example>", "In-Reply-To: <c@d.example>"],
    }),
    plainMail("In-Reply-To alone", { header: ["In-Reply-To: <only@b.example>"] }),
    plainMail("In-Reply-To as of old, in words", {
      header: ["In-Reply-To: Your message of Monday <only@b.example>"],
    }),
    plainMail("hundreds of references", {
      header: [`References: ${many.join("\r\n ")}`],
      differences: ["ids left out"],
    }),
    plainMail("references that are none", {
      header: ["References: nonsense <ok@b.example> <no> <x y@z>"],
      differences: ["ids left out"],
    }),
    plainMail("two subjects", { header: ["Subject: another"], differences: ["first of several"] }),
    plainMail("no subject", {
      usual: [`From: ${SENDER}`, "Message-ID: <no.subject@x.example>"],
      subject: "",
    }),
    plainMail("an empty subject", { subjectField: "Subject:", subject: "" }),
    plainMail("a folded subject", {
      subjectField: "Subject: one\r\n two\r\n\tthree",
      subject: "one two three",
      differences: ["white space of the subject"],
    }),
    plainMail("a subject of 500 letters", { subject: "a".repeat(500) }),
    plainMail("a subject of 600 letters", {
      subjectField: `Subject: ${"a".repeat(600)}`,
      subject: "a".repeat(500),
      differences: ["subject cut"],
    }),
    plainMail("a subject with line breaks encoded in it", {
      subjectField: "Subject: =?utf-8?Q?one=0D=0ABcc:_secret@x?=",
      subject: "one",
      differences: ["subject cut"],
    }),
    plainMail("a subject of blanks within", {
      subjectField: `Subject: a${" ".repeat(400)}b`,
      subject: `a${" ".repeat(40)}b`,
      differences: ["white space of the subject"],
    }),
    plainMail("a subject that looks like a field", { subject: "Bcc: x@y, Body:z" }),
    plainMail("encoded words split within a letter", {
      subjectField: "Subject: =?utf-8?B?4pw=?=\r\n =?utf-8?B?kw==?=",
      subject: "✓",
    }),
    plainMail("encoded words and plain ones", {
      subjectField: "Subject: Re: =?iso-8859-1?q?=FC?= and =?bogus?= end",
      subject: "Re: ü and =?bogus?= end",
    }),
    plainMail("an encoded word of an unknown charset", {
      subjectField: "Subject: =?x-none?Q?a=62?=",
      subject: "ab",
    }),
    plainMail("Latin-1 raw in the subject", { subjectField: "Subject: Gr\xfc\xdfe", subject: "Grüße" }),
    plainMail("Auto-Submitted", { header: ["Auto-Submitted: auto-replied (vacation)"] }),
    plainMail("Auto-Submitted: no", { header: ["Auto-Submitted: no"] }),
    ...[
      "Sun, 99 Foo 2026",
      "",
      "yesterday",
      "1 Jan 70",
      "Thu, 01 Jan 1970 00:00:00",
      "31 Dec 99999 23:59:60 +9999",
    ].map((date) => plainMail(`date ${JSON.stringify(date)}`, { header: [`Date: ${date}`] })),
    plainMail("two dates, two senders of the same address", {
      header: ["Date: Sun, 1 Nov 2026 10:00:00 +0000", "Date: x"],
    }),
    plainMail("an address of an international domain", {
      usual: [
        `From: ${utf8("Jörg")} <${SENDER}>`,
        `To: <${RECIPIENT}>, ${utf8("пример@пример.рф")}`,
        "Subject: A subject",
        "Message-ID: <idn@x.example>",
      ],
    }),
    plainMail("every kind of field that clients add", {
      header: [
        ...[
          "Comments: secret",
          "Keywords: secret",
          "Sensitivity: secret",
          "Importance: high",
          "X-Priority: 1",
          "Errors-To: secret@x",
        ],
        ...[
          "Face: secret",
          "Jabber-ID: secret",
          "OpenPGP: secret",
          "Mail-Followup-To: secret@x",
          "Mail-Reply-To: secret@x",
        ],
        ...[
          "Resent-From: secret@x",
          "Resent-Date: secret",
          "Return-Path: <secret@x>",
          "Delivered-To: secret@x",
          "Sender: secret@x",
        ],
        ...[
          "Bcc: secret@x",
          "List-Help: <secret>",
          "ARC-Seal: secret",
          "Authentication-Results: secret",
          "Mailer: secret",
        ],
      ],
    }),
    plainMail("a great field", { header: [`X-Great: ${"secret ".repeat(5000)}`] }),
    plainMail("a thousand fields", {
      header: Array.from({ length: 1000 }, (_, index) => `X-Field-${index}: secret`),
    }),
    plainMail("names in capitals", {
      usual: [`FROM: ${SENDER}`, "SUBJECT: A subject", "MESSAGE-ID: <capitals@x.example>"],
    }),
    plainMail("Content-Type in capitals", {
      entity: part(["CONTENT-TYPE: TEXT/PLAIN; CHARSET=UTF-8"], utf8("ü\r\n")),
      arrival: text("ü\n"),
    }),
  ];
}

/** Texts that something on the way might take for something else. */
function bodies(): CorpusMail[] {
  const all: Record<string, string> = {
    nothing: "",
    "one letter without an end of line": "x",
    dots: ".\n..\n...\n",
    "From at the start of lines": "From here\n>From there\n",
    "marks of the simple encoding": "Subject:x\nBody:y\nBody:z\n",
    "blank lines and blanks at line ends": "\n\n a  \n\t\n\n",
    "a line of 5000 letters": `${"x".repeat(5000)}\n`,
    "a line of 3000 words": `${"word ".repeat(3000)}\n`,
    "what looks like MIME": "--x\nContent-Type: text/html\n\n<b>no</b>\n--x--\n",
    "what looks like a header": "Bcc: x@y\nX-Injected: 1\n\nmore\n",
    "encoded words": "=?utf-8?Q?x?= =20=3D=\n",
    "control characters": "a\x01\x02\x1b[31mred\x07\x7f\x0c\n",
    tabs: "a\tb\t\tc\n",
    "byte order mark within": "a\ufeffb\n",
    "line separators of Unicode": "a\u2028b\u2029c\u0085d\n",
    "direction marks": "a\u202egnp.exe\u202c b\n",
    "HTML as text": "<p>1 &lt; 2 &amp; <script>x</script>\n",
    "long quotes": `${"> ".repeat(100)}x\n`,
    uuencode: "begin 644 a.txt\n#86)C\n`\nend\n",
  };
  return Object.entries(all).map(([name, value]) =>
    mailOf(`body: ${name}`, {
      entity: part(
        ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64"],
        base64(utf8(value.replaceAll("\n", "\r\n"))),
      ),
      arrival: text(value),
      differences: value === "" || value.endsWith("\n") ? [] : ["line end added"],
    }),
  );
}

export function textMails(): CorpusMail[] {
  return [
    ...CHARSETS.flatMap(inCharset),
    ...FLOWED.map(flowed),
    ...SCRIPTS.flatMap(inScript),
    ...fileNames(),
    ...headers(),
    ...bodies(),
  ];
}
