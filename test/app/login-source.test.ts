/** Who is at the other end: from tables as Linux writes them, and from this machine's own. */

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createLoginSource, sourceOf, userInTable } from "../../src/app/login-source.js";

const HEAD =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const row = (local: string, remote: string, user: number) =>
  `   7: ${local} ${remote} 01 00000000:00000000 00:00000000 00000000 ${String(user).padStart(5)}        0 1 1 0 20 4 30 10 -1\n`;

describe("the kernel's table", () => {
  const connection = { remoteAddress: "127.0.0.1", remotePort: 0xabcd, localPort: 0x0477 };

  test("the client's end tells, ours does not", () => {
    const table = `${HEAD}${row("0100007F:0477", "0100007F:ABCD", 7)}${row("0100007F:ABCD", "0100007F:0477", 1000)}`;
    expect(userInTable(table, connection)).toBe(1000);
    expect(userInTable(table, { ...connection, remotePort: 1 })).toBeNull();
    expect(userInTable(table, { ...connection, remoteAddress: "127.0.0.2" })).toBeNull();
  });

  test("IPv6, and IPv4 within it", () => {
    const six = row("00000000000000000000000001000000:ABCD", "00000000000000000000000001000000:0477", 5);
    expect(userInTable(HEAD + six, { ...connection, remoteAddress: "::1" })).toBe(5);
    const mapped = row("0000000000000000FFFF00000100007F:ABCD", "0000000000000000FFFF00000100007F:0477", 6);
    expect(userInTable(HEAD + mapped, { ...connection, remoteAddress: "::ffff:127.0.0.1" })).toBe(6);
  });

  test("a socket that its process has closed is nobody's, not root's", () => {
    for (const state of ["04", "05", "06", "08"]) {
      const closed = row("0100007F:ABCD", "0100007F:0477", 0).replace(" 01 ", ` ${state} `);
      expect(closed).toContain(` ${state} `);
      expect(userInTable(HEAD + closed, connection)).toBeNull();
    }
  });

  test("whatever stands there, it is a number or nothing", () => {
    fc.assert(
      fc.property(fc.string(), (table) => {
        expect(userInTable(table, connection)).toBeNull();
      }),
    );
  });
});

describe("a source", () => {
  test("is an address, of IPv6 its network", () => {
    expect(sourceOf("::ffff:192.0.2.1")).toBe("192.0.2.1");
    expect(sourceOf("192.0.2.1")).toBe("192.0.2.1");
    expect(sourceOf("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
    expect(sourceOf("2001:DB8::6")).toBe("2001:db8:0:0::/64");
    expect(sourceOf("fe80::1%eth0")).toBe("fe80:0:0:0::/64");
    expect(sourceOf("::1")).toBe("::1");
    expect(sourceOf("")).toBe("");
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        expect(typeof sourceOf(address)).toBe("string");
      }),
    );
  });

  test("on loopback is a local user; his own and root need not suffer for others", async () => {
    const origin = {
      service: "imap",
      remoteAddress: "127.0.0.1",
      remotePort: 0xabcd,
      localPort: 0x0477,
    } as const;
    const source = (user: number) =>
      createLoginSource({
        read: async () => HEAD + row("0100007F:ABCD", "0100007F:0477", user),
        ownUser: 1000,
      });
    expect(await source(1000)(origin)).toEqual({ source: "127.0.0.1 user 1000", trust: "own" });
    expect(await source(0)(origin)).toEqual({ source: "127.0.0.1 user 0", trust: "own" });
    expect(await source(1001)(origin)).toEqual({ source: "127.0.0.1 user 1001", trust: "none" });
    expect(await source(1)({ ...origin, remoteAddress: "192.0.2.1" })).toEqual({
      source: "192.0.2.1",
      trust: "none",
    });
    const nothing = createLoginSource({
      read: async () => Promise.reject(new Error("ENOENT")),
      ownUser: 1000,
    });
    expect(await nothing(origin)).toEqual({ source: "127.0.0.1", trust: "none" });
  });
});

test("many who ask at once share what is read after they have asked", async () => {
  let reads = 0;
  let release = () => {};
  const look = createLoginSource({
    read(file) {
      if (file !== "/proc/net/tcp") return Promise.resolve("");
      reads++;
      return new Promise((resolve) => {
        release = () => resolve(HEAD + row("0100007F:ABCD", "0100007F:0477", 7));
      });
    },
    ownUser: 1000,
  });
  const origin = {
    service: "imap",
    remoteAddress: "127.0.0.1",
    remotePort: 0xabcd,
    localPort: 0x0477,
  } as const;
  const first = look(origin);
  const others = Array.from({ length: 50 }, () => look(origin));
  release();
  expect((await first).source).toBe("127.0.0.1 user 7");
  await new Promise((resolve) => setImmediate(resolve));
  release();
  expect(new Set((await Promise.all(others)).map(({ source }) => source))).toEqual(
    new Set(["127.0.0.1 user 7"]),
  );
  expect(reads).toBe(2);
});

const open: (Server | Socket)[] = [];
afterEach(() => {
  for (const one of open.splice(0)) "destroy" in one ? one.destroy() : one.close();
});

const onLinux = process.platform === "linux" ? test : test.skip;
onLinux("a real connection on loopback is this user's", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  open.push(server);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const client = connect(port, "127.0.0.1");
  open.push(client);
  const [socket] = (await once(server, "connection")) as [Socket];
  open.push(socket);
  const { remoteAddress = "", remotePort, localPort } = socket;
  expect(await createLoginSource()({ service: "imap", remoteAddress, remotePort, localPort })).toEqual({
    source: `127.0.0.1 user ${process.getuid?.()}`,
    trust: "own",
  });
});
