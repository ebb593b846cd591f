import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { previewOf } from "../../../src/mail/imap/preview.js";

const preview = (...lines: readonly string[]): string => previewOf(Buffer.from(lines.join("\r\n")));

describe("nothing to show", () => {
  test.each([
    ["no body", ["Subject: x", "", ""]],
    ["blanks", ["", " \t ", "\u00a0"]],
    ["no text", ["Content-Type: image/png", "", "xyz"]],
    ["only an attachment", ["Content-Disposition: attachment", "", "text"]],
    [
      "encrypted",
      [
        "Content-Type: multipart/encrypted; boundary=x",
        "",
        "--x",
        "Content-Type: application/pgp-encrypted",
        "",
        "Version: 1",
      ],
    ],
    ["a calendar", ["Content-Type: text/calendar", "", "BEGIN:VCALENDAR"]],
    [
      "only markup",
      ["Content-Type: text/html", "", "<style>p { color: red }</style><script>x</script><p><img src=x></p>"],
    ],
  ])("%s", (_, lines) => {
    expect(preview(...lines)).toBe("");
  });
});

test("one line, without quotations, unless there is nothing else", () => {
  expect(preview("", "You wrote:", "> a", ">> b", "", " Yes.  ")).toBe("You wrote: Yes.");
  expect(preview("", "> a", ">b")).toBe("> a >b");
});

test("plain text before HTML, the first part before later ones, also within others", () => {
  const html = [
    "Content-Type: text/html",
    "",
    "<title>no</title><p>H<b>i</b> &amp; &#252;&#x21;&nbsp;&bogus;</p><!-- c",
  ];
  const plain = ["Content-Transfer-Encoding: quoted-printable", "", "p=6Cain"];
  const alternative = [
    "Content-Type: multipart/alternative; boundary=y",
    "",
    "--y",
    ...html,
    "--y",
    ...plain,
    "--y--",
  ];
  expect(preview("Content-Type: multipart/mixed; boundary=x", "", "--x", ...alternative, "--x--")).toBe(
    "plain",
  );
  expect(preview(...html)).toBe("H i & ü! &bogus;");
});

test("charsets; no marks that turn text around; characters are not cut", () => {
  expect(
    previewOf(Buffer.from("Content-Type: text/plain; charset=iso-8859-1\r\n\r\n\xe4\xf6", "latin1")),
  ).toBe("äö");
  expect(preview("", "a\u202eb\u200b\u0007c")).toBe("ab c");
  expect([...preview("", "😀".repeat(300))]).toHaveLength(200);
  // A character at the end of what is looked at.
  expect(preview("", `${" ".repeat(16 * 1024 - 1)}ä`).length).toBeLessThanOrEqual(1);
});

test("whatever the message is, at most 200 characters on one line", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (body, html) => {
      const head = Buffer.from(`Content-Type: text/${html ? "html" : "plain"}\r\n\r\n`);
      const line = previewOf(Buffer.concat([head, body]));
      expect([...line].length).toBeLessThanOrEqual(200);
      expect(line).not.toMatch(/[\r\n\0]/);
    }),
  );
});
