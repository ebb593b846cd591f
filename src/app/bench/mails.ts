/** Mails to measure with: of several shapes and sizes, and the same ones every time. */

const WORDS =
  "the mail server keeps every message as it came and answers quickly when a client asks for many of them at once because people have large folders and little time".split(
    " ",
  );
const PEOPLE = ["Anna Berg", "Bob Stone", "Dora", "Grace Lee", "=?utf-8?Q?=C3=89mile_Zola?="];
const FIRST_DATE = Date.UTC(2019, 0, 1);
const BETWEEN_TWO = 1_620_000;
/** Mails of one conversation. */
const CONVERSATION = 6;

/** The mail of that number, as octets with CR LF. */
export function makeMail(number: number): Uint8Array {
  const header = [
    ...[1, 2].map((hop) => `Received: from relay${hop}.example.org by mx.example.net; ${dateOf(number)}`),
    `From: ${personOf(number)} <sender${number % 97}@example.org>`,
    `To: ${personOf(number + 3)} <recipient@example.net>`,
    `Subject: ${number % CONVERSATION === 0 ? "" : "Re: "}${sentence(Math.floor(number / CONVERSATION), 6)}`,
    `Date: ${dateOf(number)}`,
    `Message-ID: <${number}.bench@example.org>`,
    ...(number % CONVERSATION === 0
      ? []
      : [`References: <${number - (number % CONVERSATION)}.bench@example.org>`]),
    "MIME-Version: 1.0",
  ];
  return Buffer.from([...header, ...contentOf(number), ""].join("\r\n"));
}

function contentOf(number: number): string[] {
  const text = ["Content-Type: text/plain; charset=utf-8", "", ...paragraphs(number)];
  const other = otherPartOf(number);
  if (other === null) return text;
  const { type, part } = other;
  return [
    `Content-Type: ${type}; boundary="=_part"`,
    "",
    "--=_part",
    ...text,
    "--=_part",
    ...part,
    "--=_part--",
  ];
}

/** Every fourth mail has its text in HTML as well, every eighth a file. */
function otherPartOf(number: number): { type: string; part: string[] } | null {
  if (number % 8 === 5) {
    const file =
      Buffer.alloc(3000 + (number % 4000), number)
        .toString("base64")
        .match(/.{1,76}/g) ?? [];
    const fields = [
      'Content-Type: application/pdf; name="report.pdf"',
      "Content-Transfer-Encoding: base64",
      'Content-Disposition: attachment; filename="report.pdf"',
    ];
    return { type: "multipart/mixed", part: [...fields, "", ...file] };
  }
  if (number % 4 !== 0) return null;
  const html = paragraphs(number).map((line) => `<p>${line}</p>`);
  return { type: "multipart/alternative", part: ["Content-Type: text/html; charset=utf-8", "", ...html] };
}

function paragraphs(number: number): string[] {
  return Array.from({ length: 4 + (number % 24) }, (_, line) => sentence(number + line, 10));
}

function sentence(seed: number, words: number): string {
  return Array.from(
    { length: words },
    (_, word) => WORDS[(seed * 7 + word * (1 + (seed % 5))) % WORDS.length],
  ).join(" ");
}

function personOf(number: number): string {
  return PEOPLE[number % PEOPLE.length]!;
}

function dateOf(number: number): string {
  return new Date(FIRST_DATE + number * BETWEEN_TWO).toUTCString().replace("GMT", "+0000");
}
