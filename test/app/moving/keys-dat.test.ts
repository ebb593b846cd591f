import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { formatKeysDat, readKeysDat } from "../../../src/app/moving/keys-dat.js";

const file = readFileSync("test/vectors/import/keys.dat", "utf8");
const expected: Record<string, Record<string, string>> = JSON.parse(
  readFileSync("test/vectors/import/expected.json", "utf8"),
).identities;

describe("what is not a keys.dat", () => {
  test("text without identities gives none", () => {
    expect(readKeysDat("")).toMatchObject({ identities: [], skipped: [], lists: [] });
    expect(readKeysDat("[bitmessagesettings]\nport = 8444\n")).toMatchObject({
      identities: [],
      skipped: [],
      lists: [],
    });
  });

  test("keys of another address, broken keys and broken addresses are named, and the rest is read", () => {
    const [first = "", second = ""] = Object.keys(expected);
    const swapped = file
      .replace(`[${first}]`, "[x]")
      .replace(`[${second}]`, `[${first}]`)
      .replace("[x]", `[${second}]`);
    const { identities, skipped } = readKeysDat(swapped);
    expect(skipped.map((one) => one.address).sort()).toEqual([first, second].sort());
    expect(identities).toHaveLength(Object.keys(expected).length - 2);
    const broken = readKeysDat(`[BM-nonsense]\nlabel = x\n[${first}]\nprivsigningkey = 5nonsense\n`);
    expect(broken.identities).toEqual([]);
    expect(broken.skipped).toHaveLength(2);
    expect(JSON.stringify(broken)).not.toContain("5nonsense");
  });

  test("any text is read without an exception", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0, max: file.length }), (noise, at) => {
        readKeysDat(file.slice(0, at) + noise + file.slice(at + noise.length));
      }),
      { numRuns: 50 },
    );
  });
});

test("PyBitmessage's own file is read whole", () => {
  const { identities, skipped } = readKeysDat(file);
  expect(skipped).toEqual([]);
  expect(identities.map((identity) => identity.address).sort()).toEqual(Object.keys(expected).sort());
  for (const identity of identities) {
    const section = expected[identity.address] ?? {};
    expect(identity.enabled).toBe(section["enabled"] === "true");
    expect(identity.chan).toBe(section["chan"] === "true");
    expect(identity.sendsAcknowledgements).toBe(section["dontsendack"] !== "true");
    expect(identity.lastPubkeySent).toBe(Number(section["lastpubkeysendtime"] ?? 0));
    expect(identity.difficulty.trialsPerByte).toBe(BigInt(section["noncetrialsperbyte"] ?? 0));
    expect(identity.difficulty.extraBytes).toBe(BigInt(section["payloadlengthextrabytes"] ?? 0));
    if (identity.chan) expect(identity).toMatchObject({ label: "general", passphrase: "general" });
    else expect(identity.label).toBe(section["label"]);
  }
});

test("the old scale of demands", () => {
  const old = file
    .replace("settingsversion = 10", "settingsversion = 9")
    .replace("\nnoncetrialsperbyte = 2000", "\nnoncetrialsperbyte = 640")
    .replace("payloadlengthextrabytes = 3000", "payloadlengthextrabytes = 28000");
  const demands = readKeysDat(old).identities.map((identity) => identity.difficulty);
  expect(demands).toContainEqual({ trialsPerByte: 2000n, extraBytes: 2000n });
});

test("what is written is read again", () => {
  for (const identity of readKeysDat(file).identities) {
    const text = formatKeysDat({ ...identity, user: "ada", created: 0, pubkeyPending: false });
    expect(readKeysDat(text)).toEqual({ identities: [identity], skipped: [], lists: [] });
  }
});

test("pseudo mailing lists go along with their names; a chan is none", () => {
  const [identity] = readKeysDat(file).identities.filter((one) => !one.chan);
  const whole = { ...identity!, user: "ada", created: 0, pubkeyPending: false };
  const text = formatKeysDat(whole, "crypto");
  expect(text).toContain("mailinglist = true\nmailinglistname = crypto\n");
  expect(readKeysDat(text).lists).toEqual([{ address: whole.address, name: "crypto" }]);
  const nameless = text.replace("mailinglistname = crypto\n", "");
  expect(readKeysDat(nameless).lists).toEqual([{ address: whole.address, name: whole.label || "list" }]);
  expect(readKeysDat(text.replace("mailinglist = true", "mailinglist = false")).lists).toEqual([]);
  expect(readKeysDat(text.replace("decoy", "chan = true\ndecoy")).lists).toEqual([]);
});

test("a line of a hundred thousand blanks is read in no time", () => {
  const blanks = " ".repeat(100_000);
  const began = performance.now();
  readKeysDat(`[x]\na${blanks}\na = y${blanks}x\n[y]${blanks}\n[${"] ".repeat(50_000)}x`);
  expect(performance.now() - began).toBeLessThan(1000);
});

test("a label is one line without controls, and not longer than others", () => {
  const [address = ""] = Object.keys(expected).filter((one) => expected[one]?.["chan"] === undefined);
  const evil = `\x1b]0;x\x07${"-".repeat(5000)}x\n two`;
  const section = file.slice(file.indexOf(`[${address}]`)).split("\n\n")[0] ?? "";
  const { identities } = readKeysDat(section.replace(/^label = .*$/m, `label = ${evil}`));
  expect(identities[0]?.label).toMatch(/^\]0;x -{190,195}$/);
});
