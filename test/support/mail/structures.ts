/** Signed and encrypted mail, digests, invitations, reports, forwarded mail, multiparts within each other. */
import { createHash } from "node:crypto";
import {
  base64,
  type CorpusMail,
  encodedWords,
  fileOctets,
  lines,
  mailOf,
  multipart,
  octets,
  part,
  quotedPrintable,
  refused,
  TELLING,
  text,
  utf8,
} from "./build.js";

const armour = (kind: string, seed: number) =>
  lines(
    `-----BEGIN PGP ${kind}-----`,
    "",
    ...base64(fileOctets(seed, 300), 64).trimEnd().split("\r\n"),
    `-----END PGP ${kind}-----`,
  );

/** RFC 3156: what is signed has its own trailing blanks, fields and times, all of which the signature covers. */
function pgpSigned(seed: number): CorpusMail {
  const inner = [
    part(
      [
        "Content-Type: text/plain; charset=utf-8",
        "Content-Disposition: inline",
        "Content-Transfer-Encoding: quoted-printable",
      ],
      "Signed text with =20\r\n=46rom the start\r\n",
    ),
    multipart("mixed", `in${seed}`, [
      part(["Content-Type: text/plain", "X-Signed-Field:  with  blanks "], "-- dashes\r\n"),
      part(
        [
          'Content-Disposition: attachment; filename=a.txt; creation-date="Sun, 1 Nov 2026 10:00:00 +0530"',
          "Content-Transfer-Encoding: base64",
        ],
        base64(fileOctets(seed, 100)),
      ),
    ]),
    `Content-Type: multipart/mixed; boundary="p${seed}"; protected-headers="v1"\r\nFrom: Ann <ann@example.org>\r\nSubject: Protected ${seed}\r\n\r\n` +
      multipart("x", `p${seed}`, [part(["Content-Type: text/plain"], "x")])
        .split("\r\n\r\n")
        .slice(1)
        .join("\r\n\r\n"),
  ][seed % 3]!;
  const entity = multipart(
    "signed",
    `sig${seed}`,
    [
      inner,
      part(
        [
          'Content-Type: application/pgp-signature; name="signature.asc"',
          "Content-Description: OpenPGP digital signature",
        ],
        armour("SIGNATURE", seed),
      ),
    ],
    '; micalg=pgp-sha256;\r\n\tprotocol="application/pgp-signature"',
  );
  const hash = createHash("sha256").update(inner, "latin1").digest("hex").slice(0, 8);
  return mailOf(`mutt PGP/MIME signed ${seed}, ${hash}`, {
    header: [...TELLING, "MIME-Version: 1.0"],
    entity,
    arrival: octets,
  });
}

function pgpEncrypted(seed: number): CorpusMail {
  const entity = multipart(
    "encrypted",
    `enc${seed}`,
    [
      part(
        ["Content-Type: application/pgp-encrypted", "Content-Description: PGP/MIME version identification"],
        "Version: 1\r\n",
      ),
      part(
        [
          'Content-Type: application/octet-stream; name="encrypted.asc"',
          'Content-Disposition: inline; filename="encrypted.asc"',
        ],
        armour("MESSAGE", seed),
      ),
    ],
    '; protocol="application/pgp-encrypted"',
  );
  return mailOf(`PGP/MIME encrypted ${seed}`, {
    subject: "...",
    header: [...TELLING, "MIME-Version: 1.0"],
    entity,
    arrival: octets,
  });
}

function pgpInline(seed: number): CorpusMail {
  const said = `-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\n- -- \r\nGrüße ${seed}  \r\n${armour("SIGNATURE", seed)}`;
  return mailOf(`inline PGP ${seed}`, {
    header: TELLING,
    entity: part(
      ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"],
      quotedPrintable(utf8(said)),
    ),
    arrival: text(said.replaceAll("\r\n", "\n")),
  });
}

function smime(seed: number): CorpusMail {
  if (seed % 2 === 0) {
    return mailOf(`S/MIME encrypted ${seed}`, {
      header: [...TELLING, "MIME-Version: 1.0"],
      entity: part(
        [
          'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"',
          "Content-Transfer-Encoding: base64",
          'Content-Disposition: attachment; filename="smime.p7m"',
        ],
        base64(fileOctets(seed, 2000), 64),
      ),
      arrival: octets,
    });
  }
  const entity = multipart(
    "signed",
    `----ms${seed}`,
    [
      part(
        ["Content-Type: text/plain; charset=us-ascii", "Content-Transfer-Encoding: 7bit"],
        "Signed by S/MIME.\r\n",
      ),
      part(
        [
          'Content-Type: application/pkcs7-signature; name="smime.p7s"',
          "Content-Transfer-Encoding: base64",
          "Content-Description: S/MIME",
        ],
        base64(fileOctets(seed, 1500)),
      ),
    ],
    '; protocol="application/pkcs7-signature"; micalg=sha-256',
  );
  return mailOf(`S/MIME signed ${seed}`, {
    header: [...TELLING, "MIME-Version: 1.0"],
    entity: entity.replace(
      "\r\n\r\n",
      "\r\n\r\nThis is a cryptographically signed message in MIME format.\r\n\r\n",
    ),
    arrival: octets,
  });
}

const forwarded = (seed: number, more = "") =>
  lines(
    "Received: from relay.example (relay.example [198.51.100.7])",
    "From: =?iso-8859-1?Q?J=FCrgen?= <j@example.net>",
    `Subject: The one that is forwarded ${seed}`,
    "Date: Fri, 30 Oct 2026 09:00:00 -0700",
    `Message-ID: <inner${seed}@example.net>`,
  ) + (more === "" ? "\r\nInner text.\r\n" : more);

function digest(seed: number): CorpusMail {
  const messages = Array.from({ length: seed + 2 }, (_, index) => `\r\n${forwarded(index)}`);
  const entity = multipart("mixed", `===============${seed}==`, [
    part(
      ['Content-Type: text/plain; charset="us-ascii"', "Content-Description: list Digest, Vol 1"],
      "Send submissions to\r\n",
    ),
    part(
      ['Content-Type: text/plain; charset="us-ascii"', "Content-Description: Today's Topics (2 messages)"],
      "Today's Topics:\r\n\r\n   1. x\r\n",
    ),
    multipart("digest", `==digest${seed}==`, messages),
    part(
      ["Content-Type: text/plain", "Content-Description: Digest Footer"],
      "_____\r\nlist mailing list\r\n",
    ),
  ]);
  return mailOf(`mailing list digest ${seed}`, {
    header: [
      ...TELLING,
      "List-Id: <secret.example>",
      "List-Unsubscribe: <mailto:secret@example.org>",
      "Precedence: list",
      "MIME-Version: 1.0",
    ],
    entity,
    arrival: octets,
  });
}

/** A list's footer makes two texts of one. */
function listFooter(seed: number): CorpusMail {
  return mailOf(`mailing list footer ${seed}`, {
    subject: `[list] Topic ${seed}`,
    header: [...TELLING, "List-Post: <mailto:secret@example.org>", "MIME-Version: 1.0"],
    entity: multipart("mixed", `foot${seed}`, [
      part(
        ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"],
        utf8("Text ü\r\n"),
      ),
      part(
        [
          'Content-Type: text/plain; charset="us-ascii"',
          "MIME-Version: 1.0",
          "Content-Transfer-Encoding: 7bit",
          "Content-Disposition: inline",
        ],
        "____\r\nlist\r\n",
      ),
    ]),
    arrival: octets,
  });
}

function invitation(method: "REQUEST" | "REPLY" | "CANCEL" | "COUNTER", seed: number): CorpusMail {
  const calendar = lines(
    "BEGIN:VCALENDAR",
    `METHOD:${method}`,
    "BEGIN:VEVENT",
    `UID:event${seed}@example.org`,
    "SUMMARY:Grüße",
    "DTSTART:20261201T100000Z",
    "END:VEVENT",
    "END:VCALENDAR",
  );
  const alternative = multipart("alternative", `cal${seed}`, [
    part(
      ['Content-Type: text/plain; charset="UTF-8"', "Content-Transfer-Encoding: 8bit"],
      utf8("You are invited: Grüße\r\n"),
    ),
    part(['Content-Type: text/html; charset="UTF-8"'], "<p>You are invited</p>\r\n"),
    part(
      [`Content-Type: text/calendar; charset="UTF-8"; method=${method}`, "Content-Transfer-Encoding: 8bit"],
      utf8(calendar),
    ),
  ]);
  const file = part(
    [
      'Content-Type: application/ics; name="invite.ics"',
      'Content-Disposition: attachment; filename="invite.ics"',
      "Content-Transfer-Encoding: base64",
    ],
    base64(utf8(calendar)),
  );
  return mailOf(`calendar ${method} ${seed}`, {
    header: [...TELLING, "MIME-Version: 1.0"],
    entity: seed % 2 === 0 ? multipart("mixed", `cm${seed}`, [alternative, file]) : alternative,
    arrival: octets,
  });
}

/** Reports are the business of who makes them: they do not travel. */
function report(kind: "delivery-status" | "disposition-notification", seed: number): CorpusMail {
  const entity = multipart(
    "report",
    `rep${seed}`,
    [
      part(["Content-Type: text/plain"], "Report.\r\n"),
      part(
        [`Content-Type: message/${kind}`],
        lines(
          "Reporting-UA: secret",
          "Final-Recipient: rfc822;x@example.org",
          "Disposition: automatic-action/MDN-sent-automatically; displayed",
        ),
      ),
      part(["Content-Type: message/rfc822"], forwarded(seed)),
    ],
    `; report-type=${kind}`,
  );
  return mailOf(`report ${kind} ${seed}`, { header: TELLING, entity, arrival: refused("550 5.6.1") });
}

/** A mail passed on as a file keeps its own header, and what is within it may be a report. */
function forward(seed: number): CorpusMail {
  const inner = [
    forwarded(seed),
    forwarded(
      seed,
      multipart("alternative", "in", [
        part(["Content-Type: text/plain"], "a"),
        part(["Content-Type: text/html"], "<b>a"),
      ]),
    ),
    forwarded(
      seed,
      part(["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"], utf8("Grüße\r\n")),
    ),
    forwarded(
      seed,
      multipart("report", "r", [
        part(["Content-Type: text/plain"], "bounced"),
        part(["Content-Type: message/delivery-status"], "Action: failed\r\n"),
      ]),
    ),
    forwarded(seed, part(["Content-Type: message/rfc822"], forwarded(seed + 1))),
    `${lines(utf8("Subject: raw Grüße in a header"), utf8("From: Jürgen <j@example.net>"))}\r\nx\r\n`,
  ][seed % 6]!;
  const fields = [
    'Content-Type: message/rfc822; name="The one.eml"',
    'Content-Disposition: attachment; filename="The one.eml"',
    ...(seed % 2 === 0 ? [] : ["Content-Transfer-Encoding: 7bit"]),
  ];
  return mailOf(`forwarded as a file ${seed}`, {
    subject: `Fwd: The one ${seed}`,
    header: [...TELLING, "MIME-Version: 1.0"],
    entity: multipart("mixed", `fwd${seed}`, [
      part(["Content-Type: text/plain; charset=us-ascii"], "See.\r\n"),
      part(fields, inner),
    ]),
    arrival: octets,
  });
}

/** Multiparts to a depth of `depth`, which is fit as long as there are fewer than twenty levels. */
function nested(depth: number): CorpusMail {
  let entity = part(["Content-Type: text/html; charset=utf-8"], "<p>deep</p>\r\n");
  for (let level = depth; level > 0; level--) {
    const subtype = ["mixed", "alternative", "related", "x-own", "parallel"][level % 5]!;
    entity = multipart(subtype, `level${level}`, [
      part(["Content-Type: text/plain"], `${level}\r\n`),
      entity,
    ]);
  }
  return mailOf(`multiparts ${depth} deep`, { header: ["MIME-Version: 1.0"], entity, arrival: octets });
}

function manyFiles(count: number): CorpusMail {
  const parts = Array.from({ length: count }, (_, index) =>
    part(
      [
        `Content-Type: application/octet-stream; name="f${index}.bin"`,
        "Content-Transfer-Encoding: base64",
        `Content-Disposition: attachment; filename="f${index}.bin"`,
      ],
      base64(fileOctets(index, 20)),
    ),
  );
  return mailOf(`${count} files`, {
    subject: "Viele Dateien ü",
    subjectField: `Subject: ${encodedWords("Viele Dateien ü")}`,
    header: ["MIME-Version: 1.0"],
    entity: multipart("mixed", "many", parts),
    arrival: count > 200 ? refused("550 5.6.1") : octets,
  });
}

function textInMultipart(subtype: string): CorpusMail {
  return mailOf(`a text alone in multipart/${subtype}`, {
    header: [...TELLING, "MIME-Version: 1.0"],
    entity: multipart(subtype, "alone", [
      part(["Content-Type: text/plain; charset=utf-8"], utf8("Grüße\r\n")),
    ]),
    arrival: text("Grüße\n"),
    differences: ["multipart of one text left out"],
  });
}

const times = (count: number, make: (seed: number) => CorpusMail) =>
  Array.from({ length: count }, (_, seed) => make(seed));

export function structuredMails(): CorpusMail[] {
  return [
    ...times(6, pgpSigned),
    ...times(3, pgpEncrypted),
    ...times(3, pgpInline),
    ...times(6, smime),
    ...times(5, digest),
    ...times(3, listFooter),
    ...(["REQUEST", "REPLY", "CANCEL", "COUNTER"] as const).flatMap((method) =>
      times(2, (seed) => invitation(method, seed)),
    ),
    ...times(2, (seed) => report("delivery-status", seed)),
    ...times(2, (seed) => report("disposition-notification", seed)),
    ...times(12, forward),
    ...[1, 2, 3, 5, 8, 12, 17].map(nested),
    ...[2, 50, 200, 201].map(manyFiles),
    ...["mixed", "alternative", "related"].map(textInMultipart),
  ];
}
