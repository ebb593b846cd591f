import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { findField, unfold } from "../../../src/mail/mime/headers.js";
import { type MimePart, parseMime } from "../../../src/mail/mime/parse.js";
import { mail, textOf } from "./mail.js";

function bodyOf(bytes: Uint8Array, part: MimePart): string {
  return textOf(bytes.subarray(part.bodyStart, part.bodyEnd))!;
}

function walk(part: MimePart, visit: (part: MimePart, depth: number) => void, depth = 0): void {
  visit(part, depth);
  for (const child of part.children) walk(child, visit, depth + 1);
  if (part.message !== null) walk(part.message, visit, depth + 1);
}

describe("what is wrong", () => {
  test("nothing at all", () => {
    const part = parseMime(new Uint8Array(0));
    expect(part).toMatchObject({
      headerStart: 0,
      bodyStart: 0,
      bodyEnd: 0,
      type: "text",
      subtype: "plain",
      lineCount: 0,
    });
  });

  test("a header without an end", () => {
    const bytes = mail("Subject: a\nTo: b");
    const part = parseMime(bytes);
    expect(part.bodyStart).toBe(bytes.length);
    expect(part.fields.map(({ name, value }) => [name, value])).toEqual([
      ["Subject", " a"],
      ["To", " b"],
    ]);
  });

  test("no header: a blank line first", () => {
    const bytes = mail("\nhello\n");
    const part = parseMime(bytes);
    expect(part.fields).toEqual([]);
    expect(bodyOf(bytes, part)).toBe("hello\r\n");
  });

  test("a continuation line without a field, and a line without a colon", () => {
    const part = parseMime(mail(" lost\nnonsense\nSubject: x\n\n"));
    expect(part.fields.map(({ name }) => name)).toEqual(["", "", "Subject"]);
  });

  test("a multipart without boundary parameter is a leaf", () => {
    const bytes = mail("Content-Type: multipart/mixed\n\n--x\n\na\n--x--\n");
    expect(parseMime(bytes).children).toEqual([]);
  });

  test("a multipart without any boundary line is empty", () => {
    const bytes = mail('Content-Type: multipart/mixed; boundary="x"\n\nonly a preamble\n');
    const part = parseMime(bytes);
    expect(part.children).toEqual([]);
    expect(part.bodyEnd).toBe(bytes.length);
  });

  test("the last boundary is missing: the part goes to the end", () => {
    const bytes = mail("Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\nb\n");
    const [child] = parseMime(bytes).children;
    expect(bodyOf(bytes, child!)).toBe("a\r\nb\r\n");
    expect(child!.lineCount).toBe(2);
  });

  test("an inner multipart that never ends is ended by the outer boundary", () => {
    const bytes = mail(
      "Content-Type: multipart/mixed; boundary=outer\n\n--outer\nContent-Type: multipart/mixed; boundary=inner\n\n" +
        "--inner\n\nfirst\n--outer\n\nsecond\n--outer--\n",
    );
    const root = parseMime(bytes);
    expect(root.children).toHaveLength(2);
    expect(bodyOf(bytes, root.children[0]!.children[0]!)).toBe("first");
    expect(bodyOf(bytes, root.children[1]!)).toBe("second");
  });

  test("a boundary in the header of a part ends it", () => {
    const bytes = mail(
      "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html\n--x\n\nb\n--x--\n",
    );
    const { children } = parseMime(bytes);
    expect(children.map((child) => [child.subtype, bodyOf(bytes, child)])).toEqual([
      ["html", ""],
      ["plain", "b"],
    ]);
  });

  test("the same boundary inside and outside belongs to the inner multipart", () => {
    const bytes = mail(
      "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\na\n--x--\n" +
        "--x\n\nb\n--x--\n",
    );
    const root = parseMime(bytes);
    expect(root.children).toHaveLength(2);
    expect(root.children[0]!.children).toHaveLength(1);
  });

  test("a contained message that ends with its header keeps the blank line", () => {
    const bytes = mail(
      "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n\nSubject: s\n\n--x--\n",
    );
    const [part] = parseMime(bytes).children;
    expect(bodyOf(bytes, part!)).toBe("Subject: s\r\n\r\n");
    expect(part!.lineCount).toBe(2);
    expect(part!.message).toMatchObject({ bodyStart: part!.bodyEnd, bodyEnd: part!.bodyEnd, lineCount: 0 });
  });

  test("a line that only begins like a boundary is text", () => {
    const bytes = mail("Content-Type: multipart/mixed; boundary=x\n\n--x\n\n--xy\n --x\n--x--y\n--x--\n");
    const [child] = parseMime(bytes).children;
    expect(bodyOf(bytes, child!)).toBe("--xy\r\n --x\r\n--x--y");
  });

  test("an unreadable type is text/plain", () => {
    for (const value of ["", "text", "/plain", "text/", ";charset=x", '"'])
      expect(parseMime(mail(`Content-Type: ${value}\n\n`))).toMatchObject({ type: "text", subtype: "plain" });
  });

  test("limits: depth, parts, fields", () => {
    let nested = "x";
    for (let depth = 0; depth < 300; depth++) nested = `Content-Type: message/rfc822\n\n${nested}`;
    let deepest = 0;
    walk(parseMime(mail(nested)), (_, depth) => {
      deepest = Math.max(deepest, depth);
    });
    expect(deepest).toBe(100);
    const many = `Content-Type: multipart/mixed; boundary=x\n\n${"--x\n\na\n".repeat(500)}--x--\n`;
    expect(parseMime(mail(many), { parts: 100 }).children).toHaveLength(99);
    expect(parseMime(mail("a: b\n".repeat(500)), { fields: 10 }).fields).toHaveLength(10);
  });

  test("a base64 message/rfc822 is not looked into", () => {
    const bytes = mail("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nRnJvbTogYQ==\n");
    expect(parseMime(bytes).message).toBeNull();
  });
});

describe("structure", () => {
  test("parts, preamble and epilogue, bare LF", () => {
    const bytes = new Uint8Array(
      Buffer.from(
        'Content-Type: multipart/mixed; boundary="foo\n bar"\n\npre\n--foo bar \n\nhello\n\n--foo bar--\nepi\n',
      ),
    );
    const root = parseMime(bytes);
    expect(root.children.map((child) => [bodyOf(bytes, child), child.lineCount])).toEqual([["hello\n", 1]]);
    expect(bodyOf(bytes, root)).toContain("epi");
  });

  test("a digest holds messages by default", () => {
    const bytes = mail("Content-Type: multipart/digest; boundary=x\n\n--x\n\nSubject: m1\n\nbody\n--x--\n");
    const [child] = parseMime(bytes).children;
    expect(child).toMatchObject({ type: "message", subtype: "rfc822" });
    expect(findField(child!.message!, "SUBJECT")!.value).toBe(" m1");
    expect(bodyOf(bytes, child!.message!)).toBe("body");
  });

  test("what the Content fields say", () => {
    const part = parseMime(
      mail(
        'content-type: Text/HTML (a comment); Charset = "utf-8" ; name*0*=utf-8\'\'%c3%a4; name*1="b.txt"\n' +
          'Content-Disposition: ATTACHMENT; filename="a \\"b\\".txt"\nContent-Transfer-Encoding: Base64 (x)\n' +
          "Content-ID: <a@b>\nContent-Description: what\n it is\nContent-MD5: m\nContent-Language: de, en\nContent-Location: http://x\n\n",
      ),
    );
    expect(part).toMatchObject({
      type: "text",
      subtype: "html",
      encoding: "base64",
      disposition: { value: "attachment", parameters: [["filename", 'a "b".txt']] },
      contentId: "<a@b>",
      description: "what it is",
      md5: "m",
      language: "de, en",
      location: "http://x",
      typeParameters: [
        ["Charset", "utf-8"],
        ["name*0*", "utf-8''%c3%a4"],
        ["name*1", "b.txt"],
      ],
    });
    expect([...part.parameters]).toEqual([
      ["charset", "utf-8"],
      ["name", "äb.txt"],
    ]);
  });

  test("fields with their offsets, folded", () => {
    const bytes = mail("Subject: a\n b\n\tc\nTo: x\n\n");
    const { fields } = parseMime(bytes);
    expect(textOf(bytes.subarray(fields[0]!.start, fields[0]!.end))).toBe("Subject: a\r\n b\r\n\tc\r\n");
    expect(unfold(fields[0]!.value)).toBe("a b\tc");
  });
});

describe("properties", () => {
  const piece = fc.constantFrom(
    "--x",
    "--x--",
    "--y",
    "--y--",
    "\r\n",
    "\n",
    "\r",
    "\0",
    "Content-Type: multipart/mixed; boundary=x",
    "Content-Type: multipart/digest; boundary=y",
    "Content-Type: message/rfc822",
    'Content-Type: text/plain; a="\\',
    "Content-Transfer-Encoding: base64",
    " ",
    "text",
    ":",
    "ü",
  );
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc
      .array(piece, { maxLength: 80 })
      .map((pieces) => new Uint8Array(Buffer.from(pieces.join("\r\n"), "latin1"))),
    fc
      .array(piece, { maxLength: 80 })
      .map((pieces) => new Uint8Array(Buffer.from(pieces.join(""), "latin1"))),
  );

  test("whatever the octets are, the offsets nest", () => {
    fc.assert(
      fc.property(hostile, (bytes) => {
        const root = parseMime(bytes);
        expect(root.headerStart).toBe(0);
        expect(root.bodyEnd).toBe(bytes.length);
        walk(root, (part) => {
          expect(part.headerStart).toBeLessThanOrEqual(part.headerEnd);
          expect(part.headerEnd).toBe(part.bodyStart);
          expect(part.bodyStart).toBeLessThanOrEqual(part.bodyEnd);
          let lines = 0;
          for (let at = part.bodyStart; at < part.bodyEnd; at++) if (bytes[at] === 10) lines++;
          expect(part.lineCount).toBe(lines);
          for (const child of part.message === null ? part.children : [part.message]) {
            expect(child.headerStart).toBeGreaterThanOrEqual(part.bodyStart);
            expect(child.bodyEnd).toBeLessThanOrEqual(part.bodyEnd);
          }
        });
      }),
      { numRuns: 500 },
    );
  });

  test("time grows with the length, not with its square", () => {
    const hostileShapes = [
      "--x\n",
      "Content-Type: multipart/mixed; boundary=x\n\n--x\n",
      "a:\n",
      "=?",
      "(",
      '"',
      " \n",
      "--".repeat(50),
      "Content-Type: text/plain;a=b;a=b;a=b",
    ];
    for (const shape of hostileShapes) {
      const head = "Content-Type: multipart/mixed; boundary=x\n";
      const bytes = mail(head + shape.repeat(Math.ceil(2_000_000 / shape.length)));
      const before = performance.now();
      parseMime(bytes);
      // Quadratic time would be minutes.
      expect(performance.now() - before).toBeLessThan(5000);
    }
  });
});
