import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createSecureContext, createServer, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { loadServerCertificate } from "../../src/app/certificates.js";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "bmbridge-tls-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

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

test("made once; the leaf is renewed a year before its end, under the same authority", () => {
  const first = loadServerCertificate(directory, NAMES, NOW);
  expect(loadServerCertificate(directory, NAMES, NOW)).toEqual(first);
  const authority = readFileSync(first.authorityFile, "utf8");
  const after = (days: number) =>
    loadServerCertificate(directory, NAMES, new Date(NOW.getTime() + days * 86_400_000));
  expect(after(434).certificate).toBe(first.certificate);
  const later = after(436);
  expect(later.certificate).not.toBe(first.certificate);
  expect(new X509Certificate(later.certificate).checkIssued(new X509Certificate(authority))).toBe(true);
  expect(readFileSync(later.authorityFile, "utf8")).toBe(authority);
});

test("no leaf outlasts its authority", () => {
  for (let days = 0; days < 4000; days += 100) {
    const now = new Date(NOW.getTime() + days * 86_400_000);
    const { certificate, authorityFile } = loadServerCertificate(directory, NAMES, now);
    const [leaf, authority] = [certificate, readFileSync(authorityFile)].map(
      (pem) => new X509Certificate(pem),
    );
    expect(Date.parse(leaf!.validTo)).toBeLessThanOrEqual(Date.parse(authority!.validTo));
    expect(Date.parse(leaf!.validTo) - now.getTime()).toBeGreaterThan(364 * 86_400_000);
  }
});

test("made anew when there are other names; what it is for already does not change it", () => {
  const first = loadServerCertificate(directory, NAMES, NOW);
  const authority = readFileSync(first.authorityFile, "utf8");
  const more = [...NAMES, "mail.example.net", "192.0.2.7", "2001:db8::25"];
  const second = loadServerCertificate(directory, more, NOW);
  expect(second.certificate).not.toBe(first.certificate);
  expect(new X509Certificate(second.certificate).subjectAltName).toBe(
    "DNS:localhost, DNS:bm.localhost, DNS:mail.example.net, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:25",
  );
  expect(loadServerCertificate(directory, more, NOW)).toEqual(second);
  expect(loadServerCertificate(directory, NAMES, NOW)).toEqual(second);
  expect(readFileSync(second.authorityFile, "utf8")).toBe(authority);
});

test("keys and certificates that do not belong together, or are half-written, are made anew instead of stopping every start", () => {
  const first = loadServerCertificate(directory, NAMES, NOW);
  const spoil = (name: string, content: string) => writeFileSync(join(directory, name), content);
  const renewed = () => {
    const { key, certificate } = loadServerCertificate(directory, NAMES, NOW);
    expect(() => createSecureContext({ key, cert: certificate })).not.toThrow();
    return certificate;
  };
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  spoil("server.key", privateKey.export({ type: "pkcs8", format: "pem" }) as string);
  expect(renewed()).not.toBe(first.certificate);
  spoil("server.pem", "");
  renewed();
  spoil("authority.pem", first.certificate.slice(0, 100));
  renewed();
  spoil("authority.key", "");
  const last = renewed();
  expect(renewed()).toBe(last);
  expect(readdirSync(directory).sort()).toEqual([
    "authority.key",
    "authority.pem",
    "server.key",
    "server.pem",
  ]);
});
