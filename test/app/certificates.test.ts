import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { loadServerCertificate } from "../../src/app/certificates.js";

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "bmbridge-tls-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const NAMES = ["localhost", "bm.localhost"];
const NOW = new Date("2026-11-22T00:00:00Z");

test("a client that has imported the authority connects without a complaint", async () => {
  const made = loadServerCertificate(directory, NAMES, new Date());
  const server = createServer({ cert: made.certificate, key: made.key }, (socket) => socket.end("hello"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const ca = readFileSync(made.authorityFile, "utf8");
  for (const servername of ["bm.localhost", "localhost"]) {
    const socket: TLSSocket = connect({ host: "127.0.0.1", port, ca, servername });
    await new Promise<void>((resolve, reject) => {
      socket.once("secureConnect", resolve);
      socket.once("error", reject);
    });
    expect(socket.authorized).toBe(true);
    socket.destroy();
  }
  await new Promise((resolve) => server.close(resolve));
});

test("the authority is not the leaf, and keys are for the owner alone", () => {
  const { certificate, authorityFile } = loadServerCertificate(directory, NAMES, NOW);
  const leaf = new X509Certificate(certificate);
  const authority = new X509Certificate(readFileSync(authorityFile));
  expect([leaf.ca, authority.ca]).toEqual([false, true]);
  expect(leaf.subjectAltName).toBe(
    "DNS:localhost, DNS:bm.localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
  );
  expect(leaf.checkIssued(authority)).toBe(true);
  expect(statSync(join(directory, "authority.key")).mode & 0o777).toBe(0o600);
  expect(statSync(join(directory, "server.key")).mode & 0o777).toBe(0o600);
});

test("made once; the leaf is renewed in time, under the same authority", () => {
  const first = loadServerCertificate(directory, NAMES, NOW);
  expect(loadServerCertificate(directory, NAMES, NOW)).toEqual(first);
  const authority = readFileSync(first.authorityFile, "utf8");
  const later = loadServerCertificate(directory, NAMES, new Date(NOW.getTime() + 380 * 86_400_000));
  expect(later.certificate).not.toBe(first.certificate);
  expect(readFileSync(later.authorityFile, "utf8")).toBe(authority);
});
