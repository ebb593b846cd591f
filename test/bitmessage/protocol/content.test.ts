import { deflateSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { concatBytes } from "../../../src/bitmessage/protocol/bytes.js";
import {
  type Content,
  decodeContent,
  encodeExtended,
  encodeSimple,
  encodeTrivial,
} from "../../../src/bitmessage/protocol/content.js";
import { MsgpackReader } from "../../../src/bitmessage/protocol/msgpack-reader.js";
import { bytes, codeOf, damaged, survives } from "./support.js";

function decoded(encoding: number, data: Uint8Array): Content {
  const content = decodeContent(encoding, data);
  if (content.kind !== "content") throw new Error(content.kind);
  return content;
}

const text = fc.string({ unit: "grapheme", maxLength: 60 });
const line = text.map((value) => value.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, ""));
const names = fc
  .stringMatching(/^[a-z][a-z0-9-]{0,20}$/)
  .filter((name) => !["subject", "body", "files", "parents", "original"].includes(name));
const headers = fc.dictionary(
  names,
  line.map((value) => value.trim()),
  { maxKeys: 6, noNullPrototype: true },
);

describe("simple content", () => {
  test("round trip with carried lines", () => {
    fc.assert(
      fc.property(line, text, headers, (subject, body, carried) => {
        const content = decoded(2, encodeSimple({ subject, body, headers: carried }));
        expect(content).toMatchObject({ encoding: 2, subject, body, files: [], parents: [] });
        expect(content.headers).toEqual(carried);
      }),
    );
  });

  test("a subject cannot bring lines of its own", () => {
    const data = encodeSimple({ subject: "a\r\nBody:b\nX: y\u2028z\0", body: "real" });
    expect(decoded(2, data)).toMatchObject({ subject: "a Body:b X: y z ", body: "real", headers: {} });
  });

  test.each([
    { "bad name": "x" },
    { "": "x" },
    { body: "x" },
    { Subject: "x" },
    { "x\nbody": "x" },
    { x: "a\nBody:b" },
    { x: "a\r" },
    { x: "a\0" },
    { x: "a".repeat(5000) },
    { ["x".repeat(65)]: "a" },
    Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`x${index}`, "a"])),
  ])("carried lines that are not fit are refused: %j", (bad) => {
    expect(codeOf(() => encodeSimple({ subject: "", body: "", headers: bad }))).toBe("invalid_argument");
    expect(codeOf(() => encodeExtended({ subject: "", body: "", headers: bad }))).toBe("invalid_argument");
  });

  test("received lines are read without trust", () => {
    const lines = [
      "Subject:s",
      "Message-ID:  <a@b> \r",
      "message-id: <second>",
      "no colon",
      "__proto__: x",
      "bad name: x",
      "Body-Of: fine",
      `long: ${"x".repeat(5000)}`,
      "nul: a\0b",
      "constructor: c",
    ];
    const data = new TextEncoder().encode(`${lines.join("\n")}\nBody:text`);
    const { subject, body, headers: carried } = decoded(2, data);
    expect({ subject, body }).toEqual({ subject: "s", body: "text" });
    expect(Object.entries(carried)).toEqual([
      ["message-id", "<a@b>"],
      ["body-of", "fine"],
      ["constructor", "c"],
    ]);
  });

  test("many lines cost nothing", () => {
    const data = new TextEncoder().encode(`Subject:s${"\nx1: a".repeat(40_000)}\nBody:b`);
    expect(Object.keys(decoded(2, data).headers)).toEqual(["x1"]);
    const many = Array.from({ length: 1000 }, (_, index) => `\nx${index}: a`).join("");
    expect(Object.keys(decoded(2, new TextEncoder().encode(`Subject:${many}\nBody:b`)).headers)).toHaveLength(
      32,
    );
  });

  test("a subject is cut at 500 bytes without breaking a letter", () => {
    const { subject } = decoded(2, encodeSimple({ subject: `x${"ü".repeat(300)}`, body: "" }));
    expect(subject).toBe(`x${"ü".repeat(249)}`);
  });

  test("any bytes are content", () => {
    fc.assert(
      fc.property(bytes(), fc.constantFrom(1, 2), (data, encoding) => {
        expect(decoded(encoding, data).subject).not.toMatch(/[\r\n]/);
      }),
    );
  });

  test("trivial content is its text", () => {
    expect(decoded(1, encodeTrivial({ body: "Hé\n" }))).toMatchObject({
      encoding: 1,
      subject: "",
      body: "Hé\n",
    });
  });
});

describe("extended content", () => {
  const files = fc.array(
    fc.record({
      name: text,
      data: bytes(50),
      type: fc.constantFrom("text/plain", "image/gif", "ü/ü"),
      disposition: fc.constantFrom("inline" as const, "attachment" as const),
    }),
    { maxLength: 3 },
  );
  const parents = fc.array(bytes(32, 32), { maxLength: 3 });
  const valid = encodeExtended({
    subject: "Grüße",
    body: "body",
    files: [{ name: "a", data: Uint8Array.of(1), type: "text/plain", disposition: "inline" }],
    parents: [new Uint8Array(32)],
    headers: { "Message-ID": "<a@b>" },
  });

  test("round trip", () => {
    fc.assert(
      fc.property(line, text, files, parents, headers, (subject, body, list, vectors, carried) => {
        const content = { subject, body, files: list, parents: vectors, headers: carried };
        expect(decoded(3, encodeExtended(content))).toEqual({ kind: "content", encoding: 3, ...content });
      }),
    );
  });

  const pieces = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("octets" as const), octets: bytes(50) }),
      fc.record({ kind: fc.constant("file" as const), file: fc.nat(1000) }),
      fc.record({
        kind: fc.constant("file-base64" as const),
        file: fc.nat(70_000),
        lineLength: fc.nat(1000),
      }),
      fc.record({ kind: fc.constant("base64" as const), octets: bytes(50), lineLength: fc.nat(1000) }),
    ),
    { maxLength: 6 },
  );

  test("the pieces of an original travel with it", () => {
    fc.assert(
      fc.property(pieces, files, (original, list) => {
        const content = decoded(3, encodeExtended({ subject: "s", body: "b", files: list, original }));
        expect(content).toMatchObject({ subject: "s", body: "b", files: list, original });
      }),
    );
  });

  test.each([
    ["a map in it", [{}]],
    ["text", "x"],
    ["a piece that is none", [new Uint8Array(1), 7]],
    ["an empty one", [[]]],
    ["octets in an array alone", [["x"]]],
    ["a negative place", [[-1]]],
    ["a fraction", [[0.5, 76]]],
    ["a third value", [[0, 76, 1]]],
    ["too many", Array.from({ length: 5001 }, () => [0])],
  ])("an original of a wrong kind is none: %s", (_name, original) => {
    const content = decoded(3, deflateSync(encode({ original, "": "message", body: "b" })));
    expect(content).not.toHaveProperty("original");
    expect(content.body).toBe("b");
  });

  test("a subject of several lines becomes one, sent or received", () => {
    expect(decoded(3, encodeExtended({ subject: "a\r\nb", body: "" })).subject).toBe("a b");
    const foreign = deflateSync(encode({ "": "message", subject: "a\nBcc: x\u2028y" }));
    expect(decoded(3, foreign).subject).toBe("a Bcc: x y");
  });

  test("names of carried lines are written in lower case", () => {
    expect(decoded(3, valid).headers).toEqual({ "message-id": "<a@b>" });
  });

  test("damaged bytes are survived, before and after inflating", () => {
    const packed = encode({
      "": "message",
      subject: "s",
      files: [{ name: "n", data: "d" }],
      original: ["x", [0], [300, 76], ["x", 70_000]],
      parents: [1, [2]],
    });
    fc.assert(
      fc.property(fc.oneof(bytes(), damaged(valid)), (data) => {
        survives(() => decodeContent(3, data));
      }),
    );
    fc.assert(
      fc.property(fc.oneof(bytes(), damaged(packed)), (data) => {
        survives(() => decodeContent(3, deflateSync(data)));
      }),
    );
  });

  test("a bomb is not inflated beyond the limit", () => {
    const bomb = deflateSync(new Uint8Array(20_000_000));
    expect(codeOf(() => decodeContent(3, bomb))).toBe("too_large_inflated");
    expect(codeOf(() => decodeContent(3, valid, { maxInflated: 10 }))).toBe("too_large_inflated");
  });

  test.each([
    ["nested arrays", new Uint8Array(900_000).fill(0x91), "too_deep"],
    [
      "nested maps",
      Uint8Array.from({ length: 900_000 }, (_, index) => (index % 2 === 0 ? 0x81 : 0xa0)),
      "too_deep",
    ],
    ["an array of 2^32 − 1", Uint8Array.of(0x81, 0xa1, 0x78, 0xdd, 255, 255, 255, 255), "malformed_msgpack"],
    ["a map of 2^32 − 1", Uint8Array.of(0xdf, 255, 255, 255, 255), "malformed_msgpack"],
    ["a text of 2^32 − 1", Uint8Array.of(0x81, 0xdb, 255, 255, 255, 255), "malformed_msgpack"],
    ["an ext of 2^32 − 1", Uint8Array.of(0x81, 0xa0, 0xc9, 255, 255, 255, 255), "malformed_msgpack"],
    ["the unused type", Uint8Array.of(0x81, 0xa0, 0xc1), "malformed_msgpack"],
  ])("%s: refused at once", (_name, packed, code) => {
    const data = packed[0] === 0x91 ? concatBytes(Uint8Array.of(0x81, 0xa1, 0x78), packed) : packed;
    expect(codeOf(() => decodeContent(3, deflateSync(data)))).toBe(code);
  });

  test("a million elements are passed over", () => {
    const nils = concatBytes(Uint8Array.of(0xdd, 0, 15, 0, 0), new Uint8Array(983_040).fill(0xc0));
    for (const key of ["x", "files", "parents"]) {
      const start = concatBytes(Uint8Array.of(0x82, 0xa0), encode("message"), encode(key));
      expect(decoded(3, deflateSync(concatBytes(start, nils)))).toMatchObject({ files: [], parents: [] });
    }
  });

  test("at most a thousand files are kept", () => {
    const many = { "": "message", files: new Array(1500).fill({ name: "n", data: "" }) };
    expect(decoded(3, deflateSync(encode(many))).files).toHaveLength(1000);
  });
});

test("what is not to be shown, and what cannot be", () => {
  expect(decodeContent(0, new Uint8Array(3))).toEqual({ kind: "ignored" });
  expect(decodeContent(4, new Uint8Array(3))).toEqual({ kind: "placeholder" });
  expect(decodeContent(2 ** 60, new Uint8Array(3))).toEqual({ kind: "placeholder" });
});

test("MsgpackReader passes over exactly what another encoder wrote", () => {
  const values = fc.anything({
    withBigInt: false,
    maxDepth: 4,
    values: [
      fc.integer(),
      fc.double(),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      bytes(300),
      fc.maxSafeInteger(),
    ],
    key: fc.string().filter((key) => key !== "__proto__"),
  });
  fc.assert(
    fc.property(values, bytes(5), (value, text) => {
      const reader = new MsgpackReader(concatBytes(encode(value), encode(text)));
      reader.skip();
      expect(reader.text()).toEqual(text);
    }),
  );
});
