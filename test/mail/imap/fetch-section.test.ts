import { describe, expect, test } from "@jest/globals";
import { extractBinary, extractSection, type SectionSpec } from "../../../src/mail/imap/fetch-section.js";
import { parseMime } from "../../../src/mail/mime/parse.js";
import { mail, textOf } from "../mime/mail.js";

/** `section("2.1.MIME")`, `section("HEADER.FIELDS", "from")`. */
function parseSection(name: string, ...fields: string[]): SectionSpec {
  const match = /^((?:\d+\.?)*)(.*)$/.exec(name)!;
  const path = match[1]!
    .split(".")
    .filter((part) => part !== "")
    .map(Number);
  return { path, text: match[2] as SectionSpec["text"], fields };
}

function fetcher(bytes: Uint8Array) {
  const root = parseMime(bytes);
  return (name: string, ...fields: string[]) => {
    const text = textOf(extractSection(bytes, root, parseSection(name, ...fields)));
    return text === null ? null : text.replaceAll("\r\n", "\n");
  };
}

const sub = 'From: sub@d.org\nSubject: submsg\nContent-Type: multipart/alternative; boundary="sub1"\n\n';
const subBody =
  "prologue\n--sub1\nContent-Type: text/html\n\n<p>Hello</p>\n\n--sub1\nContent-Type: text/plain\n\nHello\n\n--sub1--\nepilogue\n";
const nested = mail(
  `From: user@d.org\nContent-Type: multipart/mixed; boundary="foo bar"\n\npre\n\n--foo bar\nContent-Type: text/x-myown\n\nhello\n\n` +
    `--foo bar\nContent-Type: message/rfc822\n\n${sub}${subBody}\n--foo bar--\nepi\n`,
);

describe("what is not there", () => {
  const fetch = fetcher(nested);
  test.each([
    "3",
    "0",
    "1.1",
    "2.3",
    "2.1.1",
    "1.HEADER",
    "1.TEXT",
    "2.1.HEADER",
    "MIME",
    "4294967295",
    "2.2.2.2.2",
  ])("%s", (name) => {
    expect(fetch(name)).toBeNull();
  });
});

test("multipart with a message in it", () => {
  const fetch = fetcher(nested);
  expect(fetch("")).toBe(textOf(nested)!.replaceAll("\r\n", "\n"));
  expect(fetch("1")).toBe("hello\n");
  expect(fetch("1.MIME")).toBe("Content-Type: text/x-myown\n\n");
  expect(fetch("2")).toBe(sub + subBody);
  expect(fetch("2.MIME")).toBe("Content-Type: message/rfc822\n\n");
  expect(fetch("2.HEADER")).toBe(sub);
  expect(fetch("2.HEADER.FIELDS", "FROM", "x-foo", "subject")).toBe("From: sub@d.org\nSubject: submsg\n\n");
  expect(fetch("2.HEADER.FIELDS.NOT", "from", "Content-Type")).toBe("Subject: submsg\n\n");
  expect(fetch("2.TEXT")).toBe(subBody);
  expect(fetch("2.1.MIME")).toBe("Content-Type: text/html\n\n");
  expect(fetch("2.1")).toBe("<p>Hello</p>\n");
  expect(fetch("2.2")).toBe("Hello\n");
});

test("messages in messages", () => {
  const inner = "From: c@d\n\nHello world\n";
  const middle = `From: b@d\nContent-Type: message/rfc822\n\n${inner}`;
  const fetch = fetcher(mail(`From: a@d\nContent-Type: message/rfc822\n\n${middle}`));
  expect(fetch("TEXT")).toBe(middle);
  expect(fetch("1")).toBe(middle);
  expect(fetch("1.HEADER")).toBe("From: b@d\nContent-Type: message/rfc822\n\n");
  expect(fetch("1.TEXT")).toBe(inner);
  expect(fetch("1.1")).toBe(inner);
  expect(fetch("1.1.HEADER")).toBe("From: c@d\n\n");
  expect(fetch("1.1.TEXT")).toBe("Hello world\n");
  expect(fetch("1.1.1")).toBe("Hello world\n");
  expect(fetch("1.1.1.1")).toBeNull();
});

test("a digest's parts are messages", () => {
  const fetch = fetcher(
    mail(
      "Content-Type: multipart/digest; boundary=foo\n\n--foo \n\nFrom: m1\n\nm1 body\n\n--foo\nX-Mime: m2\n\nFrom: m2\n\nm2 body\n\n--foo--\n",
    ),
  );
  expect(fetch("1.MIME")).toBe("\n");
  expect(fetch("1")).toBe("From: m1\n\nm1 body\n");
  expect(fetch("1.HEADER")).toBe("From: m1\n\n");
  expect(fetch("2.MIME")).toBe("X-Mime: m2\n\n");
  expect(fetch("2.TEXT")).toBe("m2 body\n");
});

describe("a message that is no multipart", () => {
  const fetch = fetcher(mail("From: a@b\nX: 1\nx: 2\n fold\n\nbody\n"));
  test("1 is its body", () => {
    expect(fetch("1")).toBe("body\n");
    expect(fetch("TEXT")).toBe("body\n");
    expect(fetch("HEADER")).toBe("From: a@b\nX: 1\nx: 2\n fold\n\n");
    expect(fetch("1.MIME")).toBe(fetch("HEADER"));
  });
  test("fields in the order of the message, each once", () => {
    expect(fetch("HEADER.FIELDS", "X", "x", "FROM")).toBe("From: a@b\nX: 1\nx: 2\n fold\n\n");
    expect(fetch("HEADER.FIELDS", "none")).toBe("\n");
    expect(fetch("HEADER.FIELDS.NOT", "x")).toBe("From: a@b\n\n");
  });
  test("a header without end gets its line end", () => {
    const open = fetcher(mail("From: a@b"));
    expect(open("HEADER.FIELDS", "from")).toBe("From: a@b\n\n");
    expect(open("HEADER")).toBe("From: a@b");
    expect(open("TEXT")).toBe("");
  });
});

test("BINARY", () => {
  const bytes = mail(
    "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Transfer-Encoding: base64\n\naGVs\n  bG8=\n--x\n" +
      "Content-Transfer-Encoding: quoted-printable\n\na=3D\n--x\nContent-Transfer-Encoding: x-odd\n\na\n--x--\n",
  );
  const root = parseMime(bytes);
  expect(textOf(extractBinary(bytes, root, [1]) as Uint8Array)).toBe("hello");
  expect(textOf(extractBinary(bytes, root, [2]) as Uint8Array)).toBe("a=");
  expect(extractBinary(bytes, root, [3])).toBe("unknown-cte");
  expect(extractBinary(bytes, root, [4])).toBeNull();
  expect(extractBinary(bytes, root, [])).toBe(bytes);
});
