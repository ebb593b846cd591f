import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parse, stringify } from "smol-toml";
import { editSetting } from "../../../src/app/config/edit.js";

const ttl = (value: string | number | boolean | null) => ({ section: "send", key: "ttl", value });

describe("a setting is changed where it stands, and all else stays", () => {
  test.each([
    [
      "its value, with the comment beside it",
      "# mine\n[send]\n  ttl = 3600  # an hour\n",
      "# mine\n[send]\n  ttl = 7200  # an hour\n",
    ],
    ["a name in quotation marks", '["send"]\n"ttl"=3600\n', '["send"]\nttl = 7200\n'],
    [
      "without a section",
      "send.ttl = 3600 # short\n[node]\ntls = false\n",
      "send.ttl = 7200 # short\n[node]\ntls = false\n",
    ],
    [
      "not yet in its section",
      "[send]\nmax_work = 5\n\n# about IMAP\n[imap]\n",
      "[send]\nmax_work = 5\nttl = 7200\n\n# about IMAP\n[imap]\n",
    ],
    [
      "below the line that shows its default",
      "[send]\n# Seconds.\n#ttl = 345600\n# Trials.\n#max_work = 0\n",
      "[send]\n# Seconds.\n#ttl = 345600\nttl = 7200\n# Trials.\n#max_work = 0\n",
    ],
    ["without its section", "[node]\ntls = false\n\n\n", "[node]\ntls = false\n\n[send]\nttl = 7200\n"],
    ["beside settings that have no section", "send.max_work = 5\n", "send.max_work = 5\nsend.ttl = 7200\n"],
    [
      "behind delivery targets",
      '[[delivery]]\nname = "x"\n',
      '[[delivery]]\nname = "x"\n\n[send]\nttl = 7200\n',
    ],
    ["lines that end as on Windows", "[send]\r\nttl = 1\r\n", "[send]\r\nttl = 7200\r\n"],
    ["no file", "", "[send]\nttl = 7200\n"],
    [
      "a key of the same name elsewhere",
      "[handover]\nttl = 1\n[send]\nttl = 2",
      "[handover]\nttl = 1\n[send]\nttl = 7200",
    ],
  ])("%s", (_name, before, after) => {
    expect(editSetting(before, ttl(7200))).toBe(after);
  });

  test("the default: its line goes, comments stay", () => {
    expect(editSetting("[send]\n# mine\nttl = 1 # why\nmax_work = 2\n", ttl(null))).toBe(
      "[send]\n# mine\nmax_work = 2\n",
    );
    expect(editSetting("# nothing\n", ttl(null))).toBe("# nothing\n");
  });

  test("texts are written so that they are read again", () => {
    for (const value of ['a"b', "a\\b", "#", "line\nbreak", "ü\u0000"])
      expect(
        parse(editSetting('[log]\nlevel = "info" # c\n', { section: "log", key: "level", value })),
      ).toMatchObject({ log: { level: value } });
  });
});

describe("what only a person can change is left alone", () => {
  test.each([
    ["a table on one line", "send = { ttl = 3600 }\n"],
    ["a text over several lines", 'send.ttl = """\n3600"""\n'],
    ["a list", "[send]\nttl = [1, # one\n 2]\n"],
    ["what looks like the setting within a text", '[mail]\ndomain = """\n[send]\nttl = 5\n"""\n'],
    ["a section in several parts", "[send]\nmax_work = 1\n[send.more]\nttl = 1\n[other]\n[send.ttl]\n"],
  ])("%s", (_name, text) => {
    expect(() => editSetting(text, ttl(7200))).toThrow(/by hand only/);
  });

  test("no TOML at all", () => {
    expect(() => editSetting("[send\nttl = 3", ttl(7200))).toThrow(/Invalid TOML/);
  });
});

test("any file: says afterwards what it said and the new value, with every comment, or is refused", () => {
  const name = fc.constantFrom("send", "node", "ttl", "max_work", "log", "level");
  const value = fc.oneof(fc.integer(), fc.boolean(), fc.string());
  const document = fc.dictionary(name, fc.dictionary(name, value));
  const gap = fc.constantFrom("", "# a comment", "#ttl = 5", "   ", "# [send]");
  const edited = fc.oneof(fc.integer(), fc.boolean(), fc.string(), fc.constant(null));
  fc.assert(
    fc.property(document, fc.array(gap), name, name, edited, (values, gaps, section, key, next) => {
      const lines = stringify(values)
        .split("\n")
        .flatMap((line, index) => (gaps[index] === undefined ? [line] : [gaps[index], line]));
      const text = lines.join("\n");
      const result = editSetting(text, { section, key, value: next });
      const wanted = { ...values, [section]: { ...values[section], [key]: next } };
      if (next === null) delete wanted[section]?.[key];
      const said = parse(result) as typeof values;
      for (const table of Object.keys(wanted)) expect({ ...said[table] }).toEqual({ ...wanted[table] });
      const comments = (all: string) => all.split("\n").filter((line) => line.trim().startsWith("#"));
      expect(comments(result)).toEqual(comments(text));
    }),
  );
});
