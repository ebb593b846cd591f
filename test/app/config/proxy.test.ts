import { describe, expect, test } from "@jest/globals";
import { parseProxy } from "../../../src/app/config/proxy.js";

describe("the setting", () => {
  test.each([
    ["socks5://127.0.0.1:9050", "127.0.0.1", 9050, null],
    ["socks5://localhost:9050/", "127.0.0.1", 9050, null],
    ["socks5h://[::1]:9050", "::1", 9050, null],
    ["socks5://me:p%40ss@10.0.0.1:1080", "10.0.0.1", 1080, { user: "me", password: "p@ss" }],
  ])("%s", (text, host, port, credentials) => {
    expect(parseProxy(text)).toEqual({ host, port, credentials });
  });

  test.each([
    "",
    "127.0.0.1:9050",
    "http://127.0.0.1:9050",
    "socks4://127.0.0.1:1",
    "socks5://proxy.example:1",
    "socks5://127.0.0.1",
    "socks5://127.0.0.1:0",
    "socks5://127.0.0.1:70000",
    "socks5://me@127.0.0.1:1",
  ])("%s is refused", (text) => {
    expect(() => parseProxy(text)).toThrow();
  });
});
