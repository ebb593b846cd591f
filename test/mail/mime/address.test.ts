import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { flattenAddresses, parseAddressList } from "../../../src/mail/mime/address.js";

function brief(raw: string): unknown[] {
  return parseAddressList(raw).map((entry) =>
    entry.kind === "group"
      ? { [entry.name]: entry.members.map(({ local, domain }) => `${local}@${domain}`) }
      : [entry.name, entry.route, entry.local, entry.domain],
  );
}

describe("what is wrong", () => {
  test.each([
    ["", []],
    [",;,:,", [{ "": [] }]],
    ["<>", [[null, null, "", null]]],
    ["user", [[null, null, "user", null]]],
    ["<user>", [[null, null, "user", null]]],
    ["a@b c@d", [[null, null, "a", "bc@d"]]],
    ['"open <a@b>', [[null, null, "open <a@b>", null]]],
    ["a@b (open", [["open", null, "a", "b"]]],
    ["Name <a@b", [["Name", null, "a", "b"]]],
    [
      "<a@b> <c@d>, e@f",
      [
        [null, null, "a", "b"],
        [null, null, "e", "f"],
      ],
    ],
    ["group: a@b", [{ group: ["a@b"] }]],
    ["me@here <a@b>", [["me@here", null, "a", "b"]]],
  ])("%j", (raw, expected) => {
    expect(brief(raw)).toEqual(expected);
  });
});

describe("lists", () => {
  test.each([
    ["user@domain (Real Name)", [["Real Name", null, "user", "domain"]]],
    ['"Last, First" <a@b>', [["Last, First", null, "a", "b"]]],
    ["A. B. C <a@b>", [["A. B. C", null, "a", "b"]]],
    ["=?utf-8?q?J=C3=BC?= <a@b>", [["=?utf-8?q?J=C3=BC?=", null, "a", "b"]]],
    ["<@route:user@domain>", [[null, "@route", "user", "domain"]]],
    ["<@a,@b:user@domain>", [[null, "@a,@b", "user", "domain"]]],
    ["<user-from (comment)@ (comment) domain.org>", [[null, null, "user-from", "domain.org"]]],
    ['"a b"@c', [[null, null, "a b", "c"]]],
    ["a@[127.0.0.1]", [[null, null, "a", "[127.0.0.1]"]]],
    ["a . b@c . d", [[null, null, "a.b", "c.d"]]],
    [
      "group: g1@d1.org, g2@d2.org;, group2: g3@d3.org;",
      [{ group: ["g1@d1.org", "g2@d2.org"] }, { group2: ["g3@d3.org"] }],
    ],
    ["group:;, group2: (foo) ;", [{ group: [] }, { group2: [] }]],
    [
      "BM-2cWzaBc@bm.localhost,\r\n\tBM-2cWzAbC@bm.localhost",
      [
        [null, null, "BM-2cWzaBc", "bm.localhost"],
        [null, null, "BM-2cWzAbC", "bm.localhost"],
      ],
    ],
  ])("%j", (raw, expected) => {
    expect(brief(raw)).toEqual(expected);
  });

  test("flattenAddresses opens groups", () => {
    expect(flattenAddresses(parseAddressList("a@b, g: c@d;")).map(({ local }) => local)).toEqual(["a", "c"]);
  });
});

test("never throws and never takes long", () => {
  const token = fc.constantFrom(
    "<",
    ">",
    "@",
    ",",
    ":",
    ";",
    '"',
    "(",
    ")",
    "\\",
    " ",
    "\r\n ",
    "a",
    "[",
    "]",
    ".",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(token, { maxLength: 60 }).map((tokens) => tokens.join("")),
      ),
      (raw) => {
        parseAddressList(raw);
      },
    ),
    { numRuns: 500 },
  );
  for (const shape of ["<@", "<@a,", "(", '"', "a:", "<", "[", "a@", "\\(", "<@a "]) {
    const before = performance.now();
    parseAddressList(shape.repeat(500_000));
    expect(performance.now() - before).toBeLessThan(3000);
  }
});
