import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { hostName, isOwnHost } from "../../src/http/guard.js";
import { readTarget } from "../../src/http/request.js";

describe("hosts", () => {
  test("names that only look like ours", () => {
    for (const host of [
      "",
      "localhost.",
      "notlocalhost",
      "localhost@evil",
      "a b",
      "localhost:99x",
      "[::1",
      "127.0.0.1.evil.com",
    ])
      expect([host, isOwnHost(host, ["bm.example"])]).toEqual([host, false]);
    for (const host of ["LOCALHOST:1", "x.localhost", "10.1.2.3:80", "[fe80::1]:8025", "bm.example:8025"])
      expect([host, isOwnHost(host, ["bm.example"])]).toEqual([host, true]);
  });

  test("any text: a name or null, never with a port", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const name = hostName(text);
        if (name !== null) expect(name).toMatch(/^[a-z0-9._:-]+$/);
      }),
    );
  });
});

describe("targets", () => {
  test("whatever is written becomes segments without slashes, dots alone or controls, or is refused", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          const { path, segments } = readTarget(`/${text}`);
          expect(path.startsWith("/")).toBe(true);
          for (const segment of segments) {
            expect(segment).not.toMatch(/[\x00-\x1f\x7f/\\]/);
            expect([".", ".."]).not.toContain(segment);
          }
        } catch (error) {
          expect((error as Error).name).toBe("HttpError");
        }
      }),
    );
  });

  test("encoded names come back", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[^\x00-\x1f\x7f/\\\ud800-\udfff]{1,50}$/u), (name) => {
        if (name === "." || name === "..") return;
        expect(readTarget(`/dav/${encodeURIComponent(name)}/?a=b#c`)).toMatchObject({
          segments: ["dav", name, ""],
        });
      }),
    );
  });
});
