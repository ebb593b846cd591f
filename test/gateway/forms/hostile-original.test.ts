import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { simpleParser } from "mailparser";
import type { ContentPiece } from "../../../src/bitmessage/protocol/content.js";
import { expectWellFormed, received } from "../../support/mail/mapping.js";

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

describe("an original from the network", () => {
  const octets = (text: string): ContentPiece => ({ kind: "octets", octets: bytesOf(text) });
  const file = { name: "a", data: bytesOf("data"), type: "image/png", disposition: "inline" as const };

  test.each([
    ["a field of the mail", "Bcc: x@y\r\n\r\nEVIL"],
    ["a field twice", "Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nEVIL"],
    ["no end of the header", "Content-Type: text/EVIL"],
    ["a line before the header", " EVIL\r\n\r\nx"],
    ["a line that is no field", "Content-Type: text/plain\r\nEVIL\r\n\r\nx"],
    ["an empty folded line", "Content-Type: text/plain;\r\n \r\n x=EVIL\r\n\r\nx"],
    ["a blank before the colon", "Content-Type : text/html\r\n\r\nEVIL"],
    ["letters of no alphabet in the header", "Content-Type: text/\xe9\r\n\r\nEVIL"],
    ["NUL", "\r\nEVIL\0"],
    ["a bare LF", "\r\nEVIL\nx"],
    ["a bare CR", "\r\nEVIL\rx"],
    ["a CR at the end", "\r\nEVIL\r"],
    ["a long line", `\r\nEVIL${"x".repeat(1000)}`],
    ["a multipart without parts", "Content-Type: multipart/mixed; boundary=x\r\n\r\nEVIL"],
    ["an encoded multipart", wrapped("--x\r\n\r\nEVIL\r\n--x--", "\r\nContent-Transfer-Encoding: base64")],
    ["a report", "Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n\r\nEVIL\r\n--x--"],
    ["a body elsewhere", wrapped("--x\r\nContent-Type: message/external-body\r\n\r\nEVIL\r\n--x--")],
    ["a part of a message", "Content-Type: message/partial; id=EVIL\r\n\r\nx"],
    [
      "a path as a name",
      wrapped('--x\r\nContent-Disposition: attachment; filename="../EVIL"\r\n\r\nx\r\n--x--'),
    ],
    ["a name with a line end", "Content-Type: image/png; name*=utf-8''EVIL%0D%0AX: y\r\n\r\nx"],
    ["a second name with a path", 'Content-Type: image/png; name=a; name="/EVIL"\r\n\r\nx'],
    ["a reversed name", "Content-Type: image/png; name*=utf-8''EVIL%E2%80%AEgnp.exe\r\n\r\nx"],
    ["a control in a part's header", wrapped("--x\r\nX-EVIL: \x07\r\n\r\nx\r\n--x--")],
    ["a part's line that is no field", wrapped("--x\r\nEVIL\r\n\r\nx\r\n--x--")],
    ["many parts", wrapped(`${"--x\r\n\r\nEVIL\r\n".repeat(600)}--x--`)],
    ["many levels", nested(25)],
  ])("%s: body and files stand for it", async (_name, entity) => {
    const text = await received({ body: "plain", files: [file], original: [octets(entity)] });
    expect(text).not.toContain("EVIL");
    expect(text).toContain("\r\n\r\nplain");
    expect((await simpleParser(text)).attachments).toHaveLength(1);
  });

  test.each<[string, ContentPiece[]]>([
    ["a file that is not there", [octets("\r\nEVIL"), { kind: "file", file: 7 }]],
    [
      "a file used twice",
      [octets("\r\nEVIL"), { kind: "file", file: 0 }, { kind: "file-base64", file: 0, lineLength: 76 }],
    ],
    ["no line length", [octets("\r\nEVIL"), { kind: "file-base64", file: 0, lineLength: 0 }]],
    ["an odd line length", [octets("\r\nEVIL"), { kind: "base64", octets: bytesOf("x"), lineLength: 3 }]],
    ["long lines", [octets("\r\nEVIL"), { kind: "base64", octets: bytesOf("x"), lineLength: 4_000_000_000 }]],
    ["nothing", []],
  ])("pieces: %s", async (_name, original) => {
    const text = await received({ body: "plain", files: [file], original });
    expect(text).not.toContain("EVIL");
    expect(text).toContain("\r\n\r\nplain");
  });

  test("whatever it is: one header of ours, lines of mail, no NUL", async () => {
    const line = fc.constantFrom(
      ...[
        "Content-Type: multipart/mixed; boundary=x\r\n",
        "Content-Type: text/html\r\n",
        "--x\r\n",
        "--x--\r\n",
      ],
      ...[
        "\r\n",
        "\n",
        "\r",
        "\0",
        "Bcc: x@y\r\n",
        " folded\r\n",
        "text\r\n",
        "From: evil@x\r\n",
        "\xff\r\n",
      ],
    );
    const text = fc.array(line, { maxLength: 12 }).map((lines) => bytesOf(lines.join("")));
    const source = fc.oneof(text, fc.uint8Array({ maxLength: 60 }));
    const piece: fc.Arbitrary<ContentPiece> = fc.oneof(
      { weight: 4, arbitrary: source.map((data) => ({ kind: "octets" as const, octets: data })) },
      fc.nat(2).map((number) => ({ kind: "file" as const, file: number })),
      fc.nat(2).map((number) => ({ kind: "file-base64" as const, file: number, lineLength: 76 })),
      source.map((data) => ({ kind: "base64" as const, octets: data, lineLength: 8 })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 5 }), source, async (original, data) => {
        const mail = await received({ files: [{ ...file, data }], original });
        expectWellFormed(mail);
      }),
      { numRuns: 200 },
    );
  });
});

function wrapped(parts: string, more = ""): string {
  return `Content-Type: multipart/mixed; boundary=x${more}\r\n\r\n${parts}`;
}

function nested(levels: number): string {
  let entity = "\r\nEVIL";
  for (let level = 0; level < levels; level++)
    entity = `Content-Type: multipart/mixed; boundary=x${level}\r\n\r\n--x${level}\r\n${entity}\r\n--x${level}--`;
  return entity;
}
