/** Mails that break the rules, as they are met, and as somebody might make them. */
import {
  anew,
  type CorpusMail,
  type Draft,
  fileOctets,
  mailOf,
  multipart,
  octets,
  part,
  picture,
  plain,
  png,
  refused,
  text,
  utf8,
} from "./build.js";

const html = (body: string) => part(["Content-Type: text/html; charset=utf-8"], body);

function broken(name: string, draft: Draft): CorpusMail {
  return mailOf(`broken: ${name}`, draft);
}

/** Boundaries, depths, lines. */
function structures(): CorpusMail[] {
  const whole = multipart("mixed", "b", [plain, picture]);
  const long = "x".repeat(5000);
  // What is deeper than a hundred levels is not taken apart.
  const unread = levels(100).split("\r\n").slice(2).join("\n");
  return [
    broken("no last boundary", { entity: whole.replace("--b--\r\n", ""), arrival: octets }),
    broken("cut in the middle of base64", { entity: whole.slice(0, -60), arrival: octets }),
    broken("no boundary parameter", {
      entity: whole.replace('; boundary="b"', ""),
      arrival: text(whole.slice(whole.indexOf("\r\n\r\n") + 4).replaceAll("\r\n", "\n")),
    }),
    broken("a boundary that never comes", {
      entity: 'Content-Type: multipart/mixed; boundary="no"\r\n\r\nAll text.\r\n',
      arrival: text("All text.\n"),
    }),
    broken("a multipart without a body", {
      entity: 'Content-Type: multipart/mixed; boundary="no"\r\n\r\n',
      arrival: text(""),
    }),
    broken("a multipart in base64", {
      entity: whole.replace("\r\n\r\n", "\r\nContent-Transfer-Encoding: base64\r\n\r\n"),
      arrival: anew("text/plain", "image/png a.png"),
    }),
    broken("blanks in the boundary", {
      entity: multipart("mixed", "a b", [plain, picture]),
      arrival: octets,
    }),
    broken("a boundary twice, one in the other", {
      entity: multipart("mixed", "b", [plain, multipart("alternative", "b", [plain])]),
      arrival: octets,
    }),
    broken("a preamble and an epilogue", {
      entity: `${whole.replace("\r\n\r\n", "\r\n\r\npreamble\r\n\r\n")}epilogue\r\n`,
      arrival: octets,
    }),
    broken("a long line of HTML", {
      entity: multipart("alternative", "b", [plain, html(`<p>${long}</p>\r\n`)]),
      arrival: anew("text/plain", "text/html"),
    }),
    broken("HTML alone in one line", { entity: html(`<p>${long}</p>`), arrival: anew("text/html") }),
    broken("a long line in a text with a picture", {
      entity: multipart("mixed", "b", [part(["Content-Type: text/plain"], long), picture]),
      arrival: anew("text/plain", "image/png a.png"),
    }),
    broken("NUL in HTML", { entity: html("<p>a\0b</p>\r\n"), arrival: anew("text/html") }),
    broken("NUL in a text", {
      entity: part(["Content-Type: text/plain"], "a\0b\r\n"),
      arrival: text("a\ufffdb\n"),
      differences: ["NUL replaced"],
    }),
    broken("NUL in a file", {
      entity: multipart("mixed", "b", [plain, part(["Content-Type: application/x-raw; name=raw"], "a\0b\0")]),
      arrival: anew("text/plain", "application/x-raw raw"),
    }),
    broken("bare CR in a text", {
      entity: part(["Content-Type: text/plain"], "a\rb\r\n"),
      arrival: text("a\nb\n"),
    }),
    broken("bare CR in HTML", { entity: html("<p>a\rb</p>\r\n"), arrival: anew("text/html") }),
    broken("bare LF in HTML", { entity: html("<p>a\nb</p>\r\n"), arrival: anew("text/html") }),
    broken("binary in a file", {
      entity: multipart("mixed", "b", [
        plain,
        part(
          ["Content-Type: application/zip; name=a.zip", "Content-Transfer-Encoding: binary"],
          Buffer.from(fileOctets(3, 500)).toString("latin1"),
        ),
      ]),
      arrival: anew("text/plain", "application/zip a.zip"),
    }),
    broken("a thousand parts", {
      entity: multipart(
        "mixed",
        "b",
        Array.from({ length: 1000 }, () => "\r\nx"),
      ),
      arrival: text("x\n".repeat(1000).slice(0, -1)),
      differences: ["parts joined", "line end added"],
    }),
    broken("thirty levels", {
      entity: levels(30),
      arrival: text("deep\r\n".replaceAll("\r\n", "\n")),
      differences: ["parts joined"],
    }),
    broken("two hundred levels", {
      entity: levels(200),
      arrival: text(unread),
      differences: ["parts joined"],
    }),
    broken("a forwarded mail with a long line", {
      entity: multipart("mixed", "b", [
        plain,
        part(['Content-Type: message/rfc822; name="m.eml"'], `Subject: x\r\n\r\n${long}\r\n`),
      ]),
      arrival: anew("text/plain", "application/octet-stream m.eml"),
    }),
    broken("a forwarded mail beside a long line", {
      entity: multipart("mixed", "b", [
        html(long),
        part(
          ['Content-Type: message/rfc822; name="m.eml"', 'Content-Disposition: attachment; filename="m.eml"'],
          "Subject: x\r\n\r\ny\r\n",
        ),
      ]),
      arrival: anew("text/html", "message/rfc822 m.eml"),
    }),
    broken("a body that lies elsewhere", {
      entity: multipart("mixed", "b", [
        plain,
        part(
          ["Content-Type: message/external-body; access-type=URL; URL=http://x"],
          "Content-Type: image/png\r\n\r\n",
        ),
      ]),
      arrival: anew("text/plain", "application/octet-stream part-1.eml"),
    }),
    broken("signed, with a long line", {
      entity: multipart("signed", "b", [
        part([], long),
        part(["Content-Type: application/pgp-signature"], "s"),
      ]),
      arrival: refused("550 5.6.1"),
    }),
    broken("signed, without a boundary", {
      entity: "Content-Type: multipart/signed\r\n\r\nsigned?\r\n",
      arrival: text("signed?\n"),
    }),
  ];
}

function levels(depth: number): string {
  let entity = part(["Content-Type: text/plain"], "deep\r\n");
  for (let level = 0; level < depth; level++) entity = multipart("mixed", `l${level}`, [entity]);
  return entity;
}

/** Content-* fields that say what is not so. */
function fields(): CorpusMail[] {
  const typed = (...header: string[]) => part(header, "Hello.\r\n");
  const hello = text("Hello.\n");
  const named = (disposition: string, more: Partial<Draft>): Draft => ({
    entity: multipart("mixed", "b", [
      plain,
      part(
        [
          "Content-Type: image/png",
          `Content-Disposition: ${disposition}`,
          "Content-Transfer-Encoding: base64",
        ],
        png,
      ),
    ]),
    arrival: octets,
    ...more,
  });
  const folder = ["folder in file name left out"];
  return [
    broken("an unknown charset", {
      entity: typed("Content-Type: text/plain; charset=x-none"),
      arrival: hello,
    }),
    broken("a charset that it is not", {
      entity: part(["Content-Type: text/plain; charset=utf-8"], "Gr\xfc\xdfe\r\n"),
      arrival: text("Grüße\n"),
    }),
    broken("no charset, UTF-8", {
      entity: part(["Content-Type: text/plain"], utf8("Grüße\r\n")),
      arrival: text("Grüße\n"),
    }),
    broken("no charset, Latin-1", { entity: part([], "Gr\xfc\xdfe\r\n"), arrival: text("Grüße\n") }),
    broken("us-ascii that is Latin-1", {
      entity: part(["Content-Type: text/plain; charset=us-ascii"], "Gr\xfc\xdfe\r\n"),
      arrival: text("Grüße\n"),
    }),
    broken("an unknown transfer encoding", {
      entity: typed("Content-Transfer-Encoding: x-none"),
      arrival: hello,
    }),
    broken("base64 that is none", {
      entity: part(["Content-Transfer-Encoding: base64"], "SGVs*bG8u\r\n=\r\n"),
      arrival: text("Hello."),
      differences: ["line end added"],
    }),
    broken("base64 without padding", {
      entity: part(["Content-Transfer-Encoding: base64"], "SGVsbG8uCg"),
      arrival: text("Hello.\n"),
    }),
    broken("quoted-printable that is none", {
      entity: part(["Content-Transfer-Encoding: quoted-printable"], "100=% =ZZ =4\r\n"),
      arrival: text("100=% =ZZ =4\n"),
    }),
    broken("a type without a subtype", { entity: typed("Content-Type: text"), arrival: hello }),
    broken("a type that is none", { entity: typed("Content-Type: ;;;=="), arrival: hello }),
    broken("two types", {
      entity: typed("Content-Type: text/plain", "Content-Type: text/html"),
      arrival: hello,
    }),
    broken("two types of HTML", {
      entity: part(["Content-Type: text/html", "Content-Type: text/plain"], "<p>x</p>\r\n"),
      arrival: anew("text/html"),
    }),
    broken("a blank before the colon", {
      entity: part(["Content-Type : text/html"], "<p>x</p>\r\n"),
      arrival: anew("text/html"),
    }),
    broken("raw letters in the type", {
      entity: part(['Content-Type: text/html; charset=utf-8; x="\xfc"'], "<p>x</p>\r\n"),
      arrival: anew("text/html"),
    }),
    broken(
      "a raw Latin-1 name in a part",
      named('attachment; filename="\xfcber.png"', { arrival: anew("text/plain", "image/png über.png") }),
    ),
    broken(
      "a name with folders",
      named('attachment; filename="../../etc/passwd"', {
        arrival: anew("text/plain", "image/png passwd"),
        differences: folder,
      }),
    ),
    broken(
      "a name of Windows",
      named('attachment; filename="C:\\\\dir\\\\a.png"', {
        arrival: anew("text/plain", "image/png a.png"),
        differences: folder,
      }),
    ),
    broken(
      "a name that turns round",
      named("attachment; filename*=utf-8''a%E2%80%AEgnp.exe", {
        arrival: anew("text/plain", "image/png agnp.exe"),
        differences: folder,
      }),
    ),
    broken(
      "a name with a line end",
      named("attachment; filename*=utf-8''a%0D%0Ab.png", {
        arrival: anew("text/plain", "image/png a b.png"),
        differences: folder,
      }),
    ),
    broken("an empty name", named('attachment; filename=""', {})),
    broken("a name of 400 letters", named(`attachment; filename="${"n".repeat(400)}.png"`, {})),
    broken("a name without quotes", named("attachment; filename=a b.png", {})),
    broken("an endless quote", named('attachment; filename="a.png', {})),
    broken("a disposition of no kind", named("x-own; filename=a.png", {})),
    broken("pieces of a name, one missing", named("attachment; filename*0=a; filename*2=b", {})),
  ];
}

export function brokenMails(): CorpusMail[] {
  return [...structures(), ...fields()];
}
