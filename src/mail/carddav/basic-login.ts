/** Basic authentication (RFC 7617); wrong passwords make the host's answer take longer. */
import { HttpError, type HttpRequest } from "../../http/message.js";
import {
  type AuthenticatedUser,
  type Authenticator,
  type LoginOrigin,
  LoginRefused,
  type Service,
} from "../sasl.js";

const CHALLENGE = { "WWW-Authenticate": 'Basic realm="Bitmessage Bridge", charset="UTF-8"' };

/** @throws HttpError 401; 429 where nothing was looked at */
export async function basicLogin(
  request: HttpRequest,
  authenticator: Pick<Authenticator, "authenticate">,
): Promise<AuthenticatedUser> {
  const credentials = readCredentials(request.header("authorization"));
  if (credentials === null) throw refusal();
  const user = await orTooMany(
    authenticator.authenticate({ ...credentials, ...requestOrigin(request, "carddav") }),
  );
  if (user === null) throw refusal();
  return user;
}

export function requestOrigin(request: HttpRequest, service: Service): LoginOrigin {
  const { remoteAddress, remotePort, localPort } = request;
  return { service, remoteAddress, remotePort, localPort };
}

/** @throws HttpError 429 (RFC 6585) in place of LoginRefused */
export async function orTooMany<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof LoginRefused)) throw error;
    throw new HttpError(429, error.message, { "Retry-After": String(error.seconds) });
  }
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
