import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { encodeBinaryParts } from "../../../src/mail/imap/binary-message.js";
import { extractBinary } from "../../../src/mail/imap/fetch-section.js";
import { parseMime } from "../../../src/mail/mime/parse.js";

const octets = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
const encode = (text: string): string | null => {
  const bytes = encodeBinaryParts(octets(text));
  return bytes === null ? null : Buffer.from(bytes).toString("latin1");
};

describe("cannot be kept", () => {
  test.each([
    ["NUL in the header", "A: \0\r\nContent-Transfer-Encoding: binary\r\n\r\nx"],
    ["NUL in a part of another encoding", "Content-Transfer-Encoding: 8bit\r\n\r\n\0"],
    ["NUL without any encoding", "\r\n\0"],
    [
      "NUL between the parts",
      "Content-Type: multipart/mixed; boundary=x\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\r\n--x\r\n\r\na\r\n--x--\r\n",
    ],
  ])("%s", (_, text) => {
    expect(encode(text)).toBeNull();
  });
});

test("without NUL nothing changes, not even the object", () => {
  const bytes = octets("Content-Transfer-Encoding: binary\r\n\r\n\xff\n");
  expect(encodeBinaryParts(bytes)).toBe(bytes);
});

test("only the parts with NUL are in base64; what contains them is 8bit", () => {
  const message = (outer: string, encoding: string, body: string): string =>
    [
      `Content-Transfer-Encoding: ${outer}`,
      "Content-Type: multipart/mixed; boundary=x",
      "",
      "--x",
      "Content-Transfer-Encoding: binary",
      "",
      "as it is \xff",
      "--x",
      "Content-Type: message/rfc822",
      "",
      "Subject: y",
      `Content-Transfer-Encoding: ${encoding}`,
      "",
      body,
      "--x--",
      "",
    ].join("\r\n");
  const long = "\0".repeat(58);
  expect(encode(message("binary", "BINARY", long))).toBe(
    message("8bit", "base64", `${"A".repeat(76)}\r\nAA==`),
  );
});

test("what was appended comes back by BINARY, octet by octet", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
      const header = octets(
        "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n",
      );
      const kept = encodeBinaryParts(Buffer.concat([header, body]))!;
      expect(kept.includes(0)).toBe(false);
      expect(Buffer.from(extractBinary(kept, parseMime(kept), [1]) as Uint8Array)).toEqual(Buffer.from(body));
    }),
  );
});
