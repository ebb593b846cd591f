import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Parameters } from "../../../src/app/api/parameters.js";

const read = (...values: (string | number | boolean | null)[]) => new Parameters("x", values);

describe("parameters", () => {
  test("base64 with line breaks anywhere, as Python takes it", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(80), (octets, width) => {
        const text = Buffer.from(octets).toString("base64");
        const broken = text.replace(new RegExp(`(.{${width + 1}})`, "g"), "$1\n");
        expect(read(`${broken}\n`).base64(0)).toEqual(octets);
      }),
    );
    expect(() => read("abc").base64(0)).toThrow("Decode error - Incorrect padding");
    expect(() => read("a").base64(0)).toThrow("Incorrect padding");
  });

  test("hex", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        expect(read(Buffer.from(octets).toString("hex")).hex(0)).toEqual(octets);
      }),
    );
    expect(() => read("abc").hex(0)).toThrow(
      "Decode error - Odd-length string. Had trouble while decoding string: 'abc'",
    );
    expect(() => read("zz").hex(0)).toThrow("Non-hexadecimal digit found");
  });

  test("types are checked, and what is not given has its default", () => {
    expect(() => read(1).text(0)).toThrow("a text was expected, saw <type 'int'>");
    expect(() => read("1").number(0)).toThrow("a number was expected, saw <type 'str'>");
    expect(() => read(1).truth(0, "eighteenByteRipe", false)).toThrow(
      "Bool expected in eighteenByteRipe, saw <type 'int'> instead",
    );
    expect(read().number(3, 5)).toBe(5);
    expect(read(null).text(0, "a")).toBe("a");
    expect(() => read("/////w==").label(0)).toThrow("Label is not valid UTF-8 data.");
    expect(read(Buffer.from("a\nb\u202e").toString("base64")).label(0)).toBe("a b");
  });
});
