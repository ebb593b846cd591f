import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  ByteReader,
  ByteWriter,
  concatBytes,
  equalBytes,
  fromHex,
  toHex,
} from "../../../src/bitmessage/protocol/bytes.js";
import { decodeVarint, encodeVarint, varintLength } from "../../../src/bitmessage/protocol/varint.js";
import { bytes, codeOf, survives } from "./support.js";

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

describe("varint", () => {
  test.each([
    [0n, 1],
    [252n, 1],
    [253n, 3],
    [65_535n, 3],
    [65_536n, 5],
    [2n ** 32n - 1n, 5],
    [2n ** 32n, 9],
    [2n ** 64n - 1n, 9],
  ])("%s takes %i bytes", (value, length) => {
    expect(encodeVarint(value)).toHaveLength(length);
    expect(varintLength(value)).toBe(length);
    expect(decodeVarint(encodeVarint(value), 0)).toEqual({ value, length });
  });

  test("round trip, anywhere in the bytes", () => {
    fc.assert(
      fc.property(u64, bytes(20), bytes(20), (value, before, after) => {
        const packed = concatBytes(before, encodeVarint(value), after);
        expect(decodeVarint(packed, before.length).value).toBe(value);
      }),
    );
  });

  test("whatever decodes is the shortest form", () => {
    fc.assert(
      fc.property(bytes(9, 9), (data) => {
        survives(() => {
          const { value, length } = decodeVarint(data, 0);
          expect(encodeVarint(value)).toEqual(data.slice(0, length));
        });
      }),
    );
  });

  test("refuses numbers out of range", () => {
    expect(codeOf(() => encodeVarint(-1))).toBe("negative");
    expect(codeOf(() => encodeVarint(2n ** 64n))).toBe("too_large");
  });
});

describe("hexadecimal digits", () => {
  test("round trip", () => {
    fc.assert(fc.property(bytes(), (data) => expect(fromHex(toHex(data))).toEqual(data)));
  });

  test.each(["0", "0g", "zz", "0x00", " 00", "00 "])("refuses %j", (text) => {
    expect(codeOf(() => fromHex(text))).toBe("invalid_hex");
  });

  test("show the view and not the memory behind it", () => {
    expect(toHex(Uint8Array.of(1, 2, 3, 4).subarray(1, 3))).toBe("0203");
  });
});

describe("ByteReader", () => {
  test("reads what ByteWriter wrote", () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(65_535), u64, bytes(), bytes(), (small, middle, large, data, tail) => {
        const packed = new ByteWriter()
          .u8(small)
          .u16(middle)
          .u32(middle)
          .u64(large)
          .i64(-5n)
          .varint(large)
          .varBytes(data)
          .bytes(tail)
          .finish();
        const reader = new ByteReader(concatBytes(new Uint8Array(3), packed).subarray(3));
        expect(reader.u8()).toBe(small);
        expect(reader.u16()).toBe(middle);
        expect(reader.u32()).toBe(middle);
        expect(reader.u64()).toBe(large);
        expect(reader.i64()).toBe(-5n);
        expect(reader.varint()).toBe(large);
        expect(reader.varBytes(1000)).toEqual(data);
        expect(reader.remaining).toBe(tail.length);
        expect(reader.rest()).toEqual(tail);
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  test("every read past the end is refused and moves nothing", () => {
    const reads: ((reader: ByteReader) => unknown)[] = [
      (reader) => reader.u8(),
      (reader) => reader.u16(),
      (reader) => reader.u32(),
      (reader) => reader.u64(),
      (reader) => reader.i64(),
      (reader) => reader.varint(),
      (reader) => reader.bytes(1),
      (reader) => reader.varBytes(9),
    ];
    for (const read of reads) {
      const reader = new ByteReader(new Uint8Array(4), 4);
      expect(codeOf(() => read(reader))).toBe("truncated");
      expect(reader.offset).toBe(4);
    }
    expect(new ByteReader(new Uint8Array(4), 9).remaining).toBe(0);
  });

  test("checks a count against the bytes left before the limit", () => {
    const huge = new ByteWriter().varint(2n ** 64n - 1n).finish();
    expect(codeOf(() => new ByteReader(huge).count(10, 1, "too_many_entries"))).toBe("truncated");
    const eleven = concatBytes(Uint8Array.of(11), new Uint8Array(11));
    expect(codeOf(() => new ByteReader(eleven).count(10, 1, "too_many_entries"))).toBe("too_many_entries");
    expect(new ByteReader(eleven).count(11, 1, "too_many_entries")).toBe(11);
  });

  test("refuses longer bytes than allowed, with the word for long varints that it was told", () => {
    expect(codeOf(() => new ByteReader(Uint8Array.of(2, 0, 0)).varBytes(1))).toBe("too_large");
    const long = Uint8Array.of(0xfd, 0, 1);
    expect(codeOf(() => new ByteReader(long).varint())).toBe("malformed_varint");
    expect(codeOf(() => new ByteReader(long, 0, "non_canonical_varint").varint())).toBe(
      "non_canonical_varint",
    );
  });
});

test("equalBytes compares length and content", () => {
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
});
