import type { Socket } from "node:net";
import tls from "node:tls";

/**
 * The anonymous TLS of PyBitmessage (PROTOCOL.md section 6): no certificates, one cipher suite, TLS 1.2 at most. It protects
 * against passive listeners only. secp256k1 has to be among the curves, or PyBitmessage finds no shared cipher.
 */
const SETTINGS = {
  ciphers: "AECDH-AES256-SHA:@SECLEVEL=0",
  ecdhCurve: "secp256k1:X25519:prime256v1:secp384r1:secp521r1",
  minVersion: "TLSv1",
  maxVersion: "TLSv1.2",
} as const;

export type TlsRole = "client" | "server";

/**
 * Turns a plain connection into a TLS one. Nobody may read from `socket` any more: it is paused, nothing is left to be
 * written, and bytes that were read too early have been put back with `unshift`. The caller handles `error` and `close` of
 * both sockets.
 * @param onSecure called once the handshake is through
 */
export function startTls(socket: Socket, role: TlsRole, onSecure: () => void): tls.TLSSocket {
  if (role === "client") {
    const secure = tls.connect({
      ...SETTINGS,
      socket,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    secure.once("secureConnect", onSecure);
    return secure;
  }
  const secure = new tls.TLSSocket(socket, {
    isServer: true,
    requestCert: false,
    secureContext: serverContext(),
  });
  secure.once("secure", onSecure);
  return secure;
}

let context: tls.SecureContext | undefined;

function serverContext(): tls.SecureContext {
  context ??= tls.createSecureContext(SETTINGS);
  return context;
}
