/** Headers that end where they should not, or do not end. */
import {
  anew,
  type CorpusMail,
  type Draft,
  lines,
  mailOf,
  multipart,
  octets,
  picture,
  plain,
  png,
  RECIPIENT,
  refused,
  SENDER,
  text,
} from "./build.js";

const usual = [
  `From: ${SENDER}`,
  `To: ${RECIPIENT}`,
  "Subject: A subject",
  "Message-ID: <broken@client.example>",
];

export function strayMails(): CorpusMail[] {
  const raw = (name: string, header: readonly string[], entity: string, draft: Partial<Draft>) => {
    const [before, after] = ["<broken@", `<${name.replace(/[^a-z0-9]+/gi, ".")}@`];
    const own = header.map((line) => line.replace(before, after));
    const usual = { usual: own, entity: entity.replace(before, after), arrival: text("Hello.\n") };
    return mailOf(`broken: ${name}`, { ...usual, ...draft });
  };
  const from = `From: ${SENDER}`;
  const id = "Message-ID: <broken@client.example>";
  const putIn = ["blank line put in"];
  const made = [...putIn, "Message-ID made"];
  return [
    raw("nothing but text", [], "Hello.\r\nsecond\r\n\r\nthird\r\n", {
      subject: "",
      arrival: text("Hello.\nsecond\n\nthird\n"),
      differences: made,
    }),
    raw("text that looks like a field", [], "Dear Bob: hello.\r\n\r\nthird\r\n", {
      subject: "",
      arrival: text("Dear Bob: hello.\n\nthird\n"),
      differences: made,
    }),
    raw("an indented text", [], "   Hello.\r\n\r\nthird\r\n", {
      subject: "",
      arrival: text("   Hello.\n\nthird\n"),
      differences: made,
    }),
    raw("a blank line first", [], "\r\nHello.\r\n", { subject: "", differences: ["Message-ID made"] }),
    raw("nothing at all", [], "", { subject: "", arrival: text(""), differences: ["Message-ID made"] }),
    raw("a header alone", usual, "", { arrival: text("") }),
    raw("a header that is cut", [...usual.slice(0, 3)], "Message-ID: <cut", {
      arrival: text(""),
      differences: ["Message-ID made"],
    }),
    raw("no blank line before the text", usual, "Hello Bob\r\nhow are you\r\n\r\nbye\r\n", {
      arrival: text("Hello Bob\nhow are you\n\nbye\n"),
      differences: putIn,
    }),
    raw(
      "a text with a colon and no blank line",
      usual,
      "Hello Bob, note: see\r\nWhen: today\r\n\r\nbye\r\n",
      { arrival: text("Hello Bob, note: see\nWhen: today\n\nbye\n"), differences: putIn },
    ),
    raw(
      "a junk line among the fields",
      [from, "This is junk", "X-Mailer: secret", "Subject: A subject", id],
      "\r\nHello.\r\n",
      { arrival: text("This is junk\n\nHello.\n"), differences: putIn },
    ),
    raw(
      "junk lines, continued",
      [from, "junk", "  more of it", "Subject: A subject", "junk 2", id],
      "\r\nHello.\r\n",
      { arrival: text("junk\n  more of it\njunk 2\n\nHello.\n"), differences: putIn },
    ),
    raw(
      "a junk line before a picture",
      [
        from,
        "junk",
        "Subject: A subject",
        id,
        "Content-Type: image/png; name=a.png",
        "Content-Transfer-Encoding: base64",
      ],
      `\r\n${png}`,
      { arrival: octets, differences: ["noise left out"] },
    ),
    raw(
      "a junk line in base64",
      [from, "Subject: A subject", "junk", id, "Content-Transfer-Encoding: base64"],
      "\r\nSGVsbG8uCg==\r\n",
      { differences: ["noise left out"] },
    ),
    raw("base64 without a blank line", [...usual, "Content-Transfer-Encoding: base64"], "SGVsbG8uCg==\r\n", {
      differences: putIn,
    }),
    raw(
      "the line of an mbox",
      ["From ann@example.org Sun Nov  1 10:00:00 2026", ...usual],
      "\r\nHello.\r\n",
      {},
    ),
    raw(
      "a part without a blank line",
      usual,
      multipart("mixed", "b", ["Hello Bob\r\nhow are you", picture]),
      { arrival: octets, differences: putIn },
    ),
    raw(
      "a part whose text has no blank line before it",
      usual,
      multipart("mixed", "b", ["Content-Type: text/plain\r\nHello Bob", picture]),
      { arrival: octets, differences: putIn },
    ),
    raw(
      "a junk line in a part's header",
      usual,
      multipart("mixed", "b", [plain, picture.replace("Content-Disp", "junk\r\nContent-Disp")]),
      { arrival: octets, differences: ["noise left out"] },
    ),
    raw("a part of nothing", usual, multipart("mixed", "b", ["", picture]), {
      arrival: anew("text/plain", "image/png a.png"),
    }),
    raw(
      "a header field of 200 kilobytes",
      [...usual, `X-Long: ${"secret".repeat(33_000)}`],
      "\r\nHello.\r\n",
      {},
    ),
    raw(
      "a header of 20,000 fields",
      [...usual, ...Array.from({ length: 20_000 }, () => "X-A: secret")],
      "\r\nHello.\r\n",
      {},
    ),
    raw("a header with NUL", [from, "Subject: a\0b", id], "\r\nHello.\r\n", {
      subject: "a b",
      differences: ["white space of the subject"],
    }),
    raw("a header with a bare CR", [from, "Subject: a\rBcc: x@y", id], "\r\nHello.\r\n", {
      subject: "a Bcc: x@y",
      differences: ["white space of the subject"],
    }),
    raw("line ends of LF alone", [], [...usual, "", "Hello.", ""].join("\n"), {}),
    raw("no sender", usual.slice(1), "\r\nHello.\r\n", {}),
    raw("a sender twice", [from, ...usual], "\r\nHello.\r\n", { arrival: refused("550 5.7.1") }),
    raw("an empty sender", ["From:", ...usual.slice(1)], "\r\nHello.\r\n", {}),
    raw(
      "the older form of attachments in a text",
      usual,
      lines("", "Hello.", "<attachment alt = \"a.txt\" src='data:text/plain;base64, QUJD' />"),
      {
        arrival: { as: "text and files", text: "Hello.\n", parts: ["text/plain", "text/plain a.txt"] },
        differences: ["inline form became a file"],
      },
    ),
  ];
}
