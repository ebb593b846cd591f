/** Basic authentication (RFC 7617) with delays that grow with each wrong password. */
import { HttpError, type HttpRequest } from "../../http/message.js";
import type { LoginDelay } from "../login-delay.js";
import type { AuthenticatedUser, Authenticator } from "../sasl.js";

const CHALLENGE = { "WWW-Authenticate": 'Basic realm="Bitmessage Bridge", charset="UTF-8"' };

/** @throws HttpError 401 */
export async function basicLogin(
  request: HttpRequest,
  authenticator: Pick<Authenticator, "authenticate">,
  delay: LoginDelay,
): Promise<AuthenticatedUser> {
  const credentials = readCredentials(request.header("authorization"));
  if (credentials === null) throw refusal();
  const { username, password } = credentials;
  const { remoteAddress } = request;
  await delay.beforeAttempt(remoteAddress, username);
  const user = await authenticator.authenticate({ username, password, remoteAddress });
  if (user === null) {
    delay.failed(remoteAddress, username);
    throw refusal();
  }
  delay.succeeded(remoteAddress, username);
  return user;
}

/** `Basic` and the base64 of `user:password` in UTF-8; null when it is not that. */
export function readCredentials(header: string | null): { username: string; password: string } | null {
  const encoded = /^basic +([a-z0-9+/]+=*)$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return null;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(encoded, "base64"));
    const colon = text.indexOf(":");
    return colon < 0 ? null : { username: text.slice(0, colon), password: text.slice(colon + 1) };
  } catch {
    return null;
  }
}

function refusal(): HttpError {
  return new HttpError(401, "Log in with your name and password.", CHALLENGE);
}
