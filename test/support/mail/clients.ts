/** Mails in the shapes that mail clients write. */
import {
  base64,
  type CorpusMail,
  encodedWords,
  extended,
  fileOctets,
  lines,
  mailOf,
  multipart,
  octets,
  part,
  quotedPrintable,
  TELLING,
  text,
  utf8,
} from "./build.js";

const FILES = [
  ["report.pdf", "application/pdf", 3000],
  ["holiday photo.jpg", "image/jpeg", 9000],
  ["table.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 5000],
  ["archive.tar.gz", "application/gzip", 2000],
  ["song.mp3", "audio/mpeg", 4000],
  ["notes.txt", "text/plain", 300],
  ["empty.bin", "application/octet-stream", 0],
  ["one.bin", "application/x-custom", 1],
] as const;

function fileOf(seed: number): { name: string; type: string; data: string } {
  const [name, type, length] = FILES[seed % FILES.length]!;
  return { name, type, data: base64(fileOctets(seed, length)) };
}

const ACCENTS = "Grüße aus Köln, naïve café – “quoted” €5 … и ещё немного";

/** Word's HTML, with its styles and conditional comments. */
const wordHtml = (cid: string) =>
  quotedPrintable(
    utf8(
      lines(
        '<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office">',
        '<head><meta http-equiv=Content-Type content="text/html; charset=utf-8"><!--[if !mso]><style>v\\:* {behavior:url(#default#VML);}</style><![endif]-->',
        "<style><!-- /* Font Definitions */ @font-face {font-family:Calibri;} p.MsoNormal {margin:0cm;} --></style></head>",
        `<body lang=DE link="#0563C1"><div class=WordSection1><p class=MsoNormal>${ACCENTS}<o:p></o:p></p>`,
        `<p class=MsoNormal><img width=100 id="Picture_1" src="cid:${cid}"></p></div></body></html>`,
      ),
    ),
  );

function outlook(seed: number): CorpusMail {
  const cid = `image001.png@01D${seed}A0.${seed}B`;
  const file = fileOf(seed);
  const alternative = multipart("alternative", `----=_NextPart_002_${seed}`, [
    part(
      ['Content-Type: text/plain; charset="utf-8"', "Content-Transfer-Encoding: quoted-printable"],
      quotedPrintable(utf8(lines(ACCENTS, "", "From: someone", "Sent: Monday"))),
    ),
    part(
      ['Content-Type: text/html; charset="utf-8"', "Content-Transfer-Encoding: quoted-printable"],
      wordHtml(cid),
    ),
  ]);
  const picture = part(
    [
      'Content-Type: image/png; name="image001.png"',
      "Content-Description: image001.png",
      'Content-Disposition: inline; filename="image001.png"; size=700;',
      '\tcreation-date="Sun, 01 Nov 2026 10:00:00 GMT";',
      '\tmodification-date="Sun, 01 Nov 2026 10:00:01 GMT"',
      `Content-ID: <${cid}>`,
      "Content-Transfer-Encoding: base64",
    ],
    base64(fileOctets(seed, 700)),
  );
  const related = multipart(
    "related",
    `----=_NextPart_001_${seed}`,
    [alternative, picture],
    ';\r\n\ttype="multipart/alternative"',
  );
  const attachment = part(
    [
      `Content-Type: ${file.type}; name="${file.name}"`,
      `Content-Description: ${file.name}`,
      `Content-Disposition: attachment; filename="${file.name}"; size=3000; read-date="Sun, 01 Nov 2026 10:00:00 GMT"`,
      "Content-Transfer-Encoding: base64",
    ],
    file.data,
  );
  const entity = multipart("mixed", `----=_NextPart_000_${seed}`, [related, attachment]);
  const preamble = "\r\n\r\nThis is a multipart message in MIME format.\r\n\r\n";
  return mailOf(`Outlook ${seed}: Word HTML, inline picture, ${file.name}`, {
    subject: `AW: Angebot ${seed}`,
    header: [
      ...TELLING,
      "X-MS-Has-Attach: yes",
      "X-MS-TNEF-Correlator:",
      `Thread-Topic: secret-topic`,
      "Thread-Index: AQHsecret",
      "Accept-Language: de-DE",
      "Content-Language: de-DE",
      "MIME-Version: 1.0",
      `In-Reply-To: <AM0PR${seed}@example.prod.outlook.com>`,
      `References: <first${seed}@example.com>\r\n\t<AM0PR${seed}@example.prod.outlook.com>`,
    ],
    entity: entity.replace("\r\n\r\n", preamble),
    arrival: octets,
  });
}

/** Exchange's rich text: everything in winmail.dat. */
function tnef(seed: number): CorpusMail {
  const winmail = Uint8Array.from([0x78, 0x9f, 0x3e, 0x22, ...fileOctets(seed, 2500)]);
  const entity = multipart("mixed", `_000_TNEF${seed}_`, [
    part(['Content-Type: text/plain; charset="us-ascii"'], "See the file.\r\n"),
    part(
      [
        'Content-Type: application/ms-tnef; name="winmail.dat"',
        "Content-Transfer-Encoding: base64",
        'Content-Disposition: attachment; filename="winmail.dat"',
      ],
      base64(winmail),
    ),
  ]);
  return mailOf(`Outlook TNEF ${seed}`, {
    header: [...TELLING, "X-MS-TNEF-Correlator: <secret>", "MIME-Version: 1.0"],
    entity,
    arrival: octets,
  });
}

function apple(seed: number): CorpusMail {
  const picture = fileOf(seed + 1);
  const html = lines(
    '<html><head></head><body style=3D"word-wrap: break-word;">Hello=20',
    '<img apple-inline=3D"yes" id=3D"X" src=3D"cid:A1B2@apple"></body></html>=',
  );
  const related = multipart(
    "related",
    `Apple-Mail=_REL${seed}`,
    [
      part(
        ["Content-Transfer-Encoding: quoted-printable", "Content-Type: text/html;\r\n\tcharset=us-ascii"],
        html,
      ),
      part(
        [
          "Content-Transfer-Encoding: base64",
          `Content-Disposition: inline;\r\n\tfilename="${picture.name}"`,
          `Content-Type: ${picture.type};\r\n\tx-unix-mode=0644;\r\n\tname="${picture.name}"`,
          "Content-Id: <A1B2@apple>",
        ],
        picture.data,
      ),
    ],
    ';\r\n\ttype="text/html"',
  );
  const plain = part(
    ["Content-Transfer-Encoding: quoted-printable", "Content-Type: text/plain;\r\n\tcharset=utf-8"],
    quotedPrintable(utf8(lines(`Hello ${ACCENTS}`, "", "> On 1 Nov 2026, at 10:00, someone wrote:", ">=20"))),
  );
  const inner = multipart("alternative", `Apple-Mail=_ALT${seed}`, [plain, related]);
  return mailOf(`Apple Mail ${seed}: alternative with related within`, {
    subject: "Emoji 🎉 und Grüße",
    subjectField: `Subject: ${encodedWords("Emoji 🎉 und Grüße", seed % 2 === 0 ? "Q" : "B")}`,
    header: [...TELLING, "X-Universally-Unique-Identifier: secret", "Mime-Version: 1.0 (Mac OS X Mail 16.0)"],
    entity: inner.replace(`boundary="Apple-Mail=_ALT${seed}"`, `\r\n\tboundary="Apple-Mail=_ALT${seed}"`),
    arrival: octets,
  });
}

function gmail(seed: number): CorpusMail {
  const file = fileOf(seed);
  const alternative = multipart("alternative", `0000000000${seed}alt`, [
    part(
      ['Content-Type: text/plain; charset="UTF-8"', "Content-Transfer-Encoding: base64"],
      base64(utf8(lines(ACCENTS))),
    ),
    part(
      ['Content-Type: text/html; charset="UTF-8"', "Content-Transfer-Encoding: quoted-printable"],
      quotedPrintable(utf8(lines(`<div dir="ltr">${ACCENTS}<br><div class="gmail_quote">x</div></div>`))),
    ),
  ]);
  const attachment = part(
    [
      `Content-Type: ${file.type}; name="${file.name}"`,
      `Content-Disposition: attachment; filename="${file.name}"`,
      "Content-Transfer-Encoding: base64",
      `Content-ID: <f_${seed}>`,
      `X-Attachment-Id: f_secret${seed}`,
    ],
    file.data,
  );
  return mailOf(`Gmail ${seed}: alternative and ${file.name}`, {
    header: [
      ...TELLING,
      "MIME-Version: 1.0",
      `References: <CAreply${seed}@mail.gmail.com>`,
      `In-Reply-To: <CAreply${seed}@mail.gmail.com>`,
      "X-Gm-Message-State: secret",
      "DKIM-Signature: v=1; a=rsa-sha256; d=secret.example",
    ],
    entity: multipart("mixed", `0000000000${seed}mix`, [alternative, attachment]),
    arrival: octets,
  });
}

/** Plain texts as K-9 and mutt write them: UTF-8, quoted-printable or 8bit. */
function plain(client: string, seed: number): CorpusMail {
  const said = `${ACCENTS}\n\n> quoted\n>> twice\n-- \n${client} ${seed}\n`;
  const crlf = utf8(said.replaceAll("\n", "\r\n"));
  const encodings = [
    ["quoted-printable", quotedPrintable(crlf)],
    ["8bit", crlf],
    ["base64", base64(crlf)],
  ] as const;
  const [encoding, body] = encodings[seed % 3]!;
  return mailOf(`${client} ${seed}: plain, ${encoding}`, {
    header: [
      ...TELLING,
      "MIME-Version: 1.0",
      "In-Reply-To: <q@x.example>",
      "References: <a@x.example> <q@x.example>",
    ],
    entity: part(
      [
        `Content-Type: text/plain; charset=utf-8`,
        `Content-Transfer-Encoding: ${encoding}`,
        "Content-Disposition: inline",
      ],
      body,
    ),
    arrival: text(said),
  });
}

/** Thunderbird: flowed text beside HTML, names by RFC 2231. */
function thunderbird(seed: number): CorpusMail {
  const name = ["Müller.pdf", "日本語の書類.pdf", "отчёт за год.odt", "🎉.png"][seed % 4]!;
  const alternative = multipart("alternative", `------------alt${seed}`, [
    part(
      ["Content-Type: text/plain; charset=UTF-8; format=flowed", "Content-Transfer-Encoding: 8bit"],
      utf8(lines("This is a long line that goes on ", "here.", "", ACCENTS)),
    ),
    part(
      ["Content-Type: text/html; charset=UTF-8", "Content-Transfer-Encoding: 8bit"],
      utf8(lines(`<p>${ACCENTS}</p>`)),
    ),
  ]);
  const attachment = part(
    [
      `Content-Type: application/pdf; name="${encodedWords(name)}"`,
      `Content-Disposition: attachment;\r\n filename*=${extended(utf8(name))}`,
      "Content-Transfer-Encoding: base64",
    ],
    base64(fileOctets(seed, 1500), 72),
  );
  return mailOf(`Thunderbird ${seed}: ${name}`, {
    header: [
      ...TELLING,
      "MIME-Version: 1.0",
      "Content-Language: de-DE",
      "Autocrypt: addr=secret@example.org; keydata=secret",
      "Disposition-Notification-To: secret@example.org",
    ],
    entity: multipart("mixed", `------------mix${seed}`, [alternative, attachment]).replace(
      "\r\n\r\n",
      "\r\n\r\nThis is a multi-part message in MIME format.\r\n",
    ),
    arrival: octets,
  });
}

/** HTML alone, as web shops and bots send it. */
function markup(seed: number): CorpusMail {
  const body = `<!DOCTYPE html><html><body><h1>Order ${seed}</h1><p>${ACCENTS}</p><a href="https://x.example/?a=1&amp;b=2">x</a></body></html>`;
  return mailOf(`HTML alone ${seed}`, {
    header: [...TELLING, "MIME-Version: 1.0", "Auto-Submitted: auto-generated"],
    entity: part(
      ["Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"],
      quotedPrintable(utf8(lines(body))),
    ),
    arrival: octets,
  });
}

/** A file alone, as scanners and `mutt -a` without a text send it. */
function fileAlone(seed: number): CorpusMail {
  const file = fileOf(seed);
  return mailOf(`a file alone ${seed}: ${file.name}`, {
    header: [...TELLING, "MIME-Version: 1.0"],
    entity: part(
      [
        `Content-Type: ${file.type}; name="${file.name}"`,
        "Content-Transfer-Encoding: base64",
        `Content-Disposition: attachment; filename="${file.name}"`,
      ],
      file.data,
    ),
    arrival: octets,
  });
}

const times = <T>(count: number, make: (seed: number) => T) =>
  Array.from({ length: count }, (_, seed) => make(seed));

export function clientMails(): CorpusMail[] {
  return [
    ...times(10, outlook),
    ...times(3, tnef),
    ...times(10, apple),
    ...times(10, gmail),
    ...times(6, (seed) => plain("K-9 Mail", seed)),
    ...times(6, (seed) => plain("mutt", seed)),
    ...times(8, thunderbird),
    ...times(4, markup),
    ...times(8, fileAlone),
  ];
}
