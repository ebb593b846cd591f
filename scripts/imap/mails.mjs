// Mails to judge and compare with: varied, and the same ones every time.

const WORDS =
  "the mail server keeps every message as it came and answers quickly when a client asks for many of them at once because people have large folders and little time while others write long letters with quotes lists numbers and attachments that nobody opens twice über größe naïve façade".split(
    " ",
  );
const PEOPLE = ["Anna Berg", "Bob Stone", "Çelik Özgür", "Dora", "Émile Zola", "Fritz Müller", "Grace Lee"];

/** Numbers that look random, the same for the same seed (mulberry32). */
function randomNumbers(seed) {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** The mail of that number, as octets with CR LF. */
export function makeMail(number) {
  const random = randomNumbers(number + 1);
  const lines = [...header(number, random), ...content(number, random), ""];
  return Buffer.from(lines.join("\r\n"));
}

function header(number, random) {
  const [from, to] = [PEOPLE[random(PEOPLE.length)], PEOPLE[random(PEOPLE.length)]];
  // Threads of up to twelve mails.
  const first = number - (number % 12);
  const isReply = number !== first && random(4) > 0;
  const references = [];
  for (let earlier = first; isReply && earlier < number; earlier += 1 + random(3))
    references.push(idOf(earlier));
  const date = new Date(Date.UTC(2019, 0, 1) + number * 1_620_000 + random(86_400_000));
  return [
    `Return-Path: <${local(from)}@example.org>`,
    ...Array.from({ length: 1 + random(4) }, (_, hop) => received(hop, date)),
    `From: ${display(from)} <${local(from)}@example.org>`,
    `To: ${display(to)} <${local(to)}@example.net>${random(3) === 0 ? ",\r\n list@lists.example.com" : ""}`,
    ...(random(5) === 0 ? ["Cc: friends: anna@example.org, bob@example.org;"] : []),
    `Subject: ${isReply ? "Re: " : ""}${display(sentence(randomNumbers(first), 3 + (first % 6)))}`,
    `Date: ${date.toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: ${idOf(number)}`,
    ...(references.length > 0
      ? [`In-Reply-To: ${references.at(-1)}`, `References: ${references.join("\r\n ")}`]
      : []),
    "MIME-Version: 1.0",
    ...(random(3) === 0 ? ["X-Mailer: Example 1.0", "X-Priority: 3"] : []),
  ];
}

function content(number, random) {
  const boundary = `=_${number.toString(16)}_part`;
  switch (random(8)) {
    case 0:
      return [
        `Content-Type: multipart/mixed; boundary="${boundary}"`,
        "",
        `--${boundary}`,
        ...plain(random),
        `--${boundary}`,
        'Content-Type: application/pdf; name="report.pdf"',
        "Content-Transfer-Encoding: base64",
        'Content-Disposition: attachment; filename="report.pdf"',
        "",
        ...base64(random, 2000 + random(6000)),
        `--${boundary}--`,
      ];
    case 1:
    case 2:
      return [
        `Content-Type: multipart/alternative; boundary="${boundary}"`,
        "",
        `--${boundary}`,
        ...plain(random),
        `--${boundary}`,
        "Content-Type: text/html; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        "<html><body>",
        ...paragraphs(random).map((line) => `<p>${line}</p>`),
        "</body></html>",
        `--${boundary}--`,
      ];
    case 3:
      return [
        `Content-Type: multipart/mixed; boundary="${boundary}"`,
        "",
        `--${boundary}`,
        "Content-Type: message/rfc822",
        "",
        ...header(number + 1_000_000, random),
        ...plain(random),
        `--${boundary}--`,
      ];
    default:
      return plain(random);
  }
}

function plain(random) {
  return [
    "Content-Type: text/plain; charset=utf-8; format=flowed",
    "Content-Transfer-Encoding: 8bit",
    "",
    ...paragraphs(random),
  ];
}

function paragraphs(random) {
  return Array.from({ length: 4 + random(30) }, () => sentence(random, 6 + random(6)));
}

function sentence(random, words) {
  return Array.from({ length: words }, () => WORDS[random(WORDS.length)]).join(" ");
}

function base64(random, octets) {
  const text = Buffer.from(Uint8Array.from({ length: octets }, () => random(256))).toString("base64");
  return text.match(/.{1,76}/g);
}

function received(hop, date) {
  return `Received: from relay${hop}.example.org (relay${hop}.example.org [192.0.2.${hop + 1}])\r\n\tby mx.example.net with ESMTPS; ${date.toUTCString()}`;
}

function idOf(number) {
  return `<${number.toString(36)}.mail@example.org>`;
}

function local(name) {
  return name.toLowerCase().replace(/[^a-z]+/g, ".");
}

function display(text) {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?utf-8?B?${Buffer.from(text).toString("base64")}?=`;
}

/** Mails as an mbox file, which imaptest appends from. None has encoded words, which imaptest compares as they are written. */
export function makeMbox(count) {
  const texts = [];
  for (let number = 0; texts.length < count; number++) {
    const text = makeMail(number)
      .toString("latin1")
      .replaceAll("\r\n", "\n")
      .replace(/^From /gm, ">From ");
    if (!text.includes("=?")) texts.push(`From someone@example.org Mon Jan  7 12:00:00 2019\n${text}\n`);
  }
  return texts.join("");
}
