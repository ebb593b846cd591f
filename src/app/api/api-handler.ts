/** The API over HTTP: who may call, and how calls and answers are written. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Logins } from "../../gateway/logins/logins.js";
import { HttpError, type HttpHandler, type HttpRequest, type HttpResponse } from "../../http/message.js";
import { orTooMany, readCredentials, requestOrigin } from "../../mail/carddav/basic-login.js";
import { type Dispatcher, ServerFault, type Variant } from "./dispatcher.js";
import { ApiError, errorText } from "./errors.js";
import { type JsonRpcCall, jsonRpcError, jsonRpcMalformed, jsonRpcResult, readJsonRpc } from "./json-rpc.js";
import { MalformedCall, type RpcCall, type RpcValue } from "./values.js";
import { readXmlRpcCall, writeXmlRpcFault, writeXmlRpcResult } from "./xml-rpc.js";

export interface ApiHandlerOptions {
  readonly variant: Variant;
  readonly username: string;
  /** Asked at each login, so that the password can be changed while the program runs. */
  readonly password: () => string;
  readonly logins: Pick<Logins, "authenticate" | "guarded">;
  /** Whose mail it is about; null while that is not clear. */
  readonly user: () => string | null;
  readonly dispatcher: Pick<Dispatcher, "call">;
}

/** Room for the largest message in base64, and for the largest object in hexadecimal. */
const LARGEST_BODY = 2 * 1024 * 1024;
const PATHS = ["/", "/RPC2"];

export function createApiHandler(options: ApiHandlerOptions): HttpHandler {
  return async (request) => {
    if (!PATHS.includes(request.path)) throw new HttpError(404, "The API is at /.");
    if (request.method !== "POST") throw new HttpError(405, "Calls come by POST.", { Allow: "POST" });
    await logIn(request, options);
    const body = await request.body(LARGEST_BODY);
    return options.variant === "json" ? answerJson(body, options) : answerXml(body, options);
  };
}

const CHALLENGE = { "WWW-Authenticate": 'Basic realm="Bitmessage API", charset="UTF-8"' };

/** By the settings' name and password, or by an app password of the login's that is for the API. @throws HttpError 401, 429 */
async function logIn(request: HttpRequest, options: ApiHandlerOptions): Promise<void> {
  const given = readCredentials(request.header("authorization"));
  if (given === null || !(await orTooMany(isLogin(request, given, options))))
    throw new HttpError(401, "Log in with api.username and its password.", CHALLENGE);
}

async function isLogin(
  request: HttpRequest,
  given: { readonly username: string; readonly password: string },
  { logins, username, password, user }: ApiHandlerOptions,
): Promise<boolean> {
  const origin = requestOrigin(request, "api");
  const isRight = isSame(given.password, password());
  // Where a login has that name as well, it may be one of its app passwords.
  if (isSame(given.username, username) && (isRight || given.username !== user()))
    return (await logins.guarded(`api/${username}`, origin, async () => (isRight ? true : null))) === true;
  const login = await logins.authenticate({ ...given, ...origin });
  return login?.appPassword !== undefined && login.name === user();
}

/** In the same time for all texts of that length. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text, "utf8").digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

async function answerXml(body: Uint8Array, options: ApiHandlerOptions): Promise<HttpResponse> {
  return { status: 200, headers: { "Content-Type": "text/xml" }, body: await xmlAnswer(body, options) };
}

async function xmlAnswer(body: Uint8Array, { dispatcher, variant }: ApiHandlerOptions): Promise<string> {
  try {
    const call = readXmlRpcCall(body);
    const result = await dispatcher.call(call);
    return writeXmlRpcResult(variant === "legacy" ? legacyResult(call, result) : result);
  } catch (error) {
    if (error instanceof ApiError)
      return variant === "legacy"
        ? writeXmlRpcResult(errorText(error))
        : writeXmlRpcFault(error.code, error.message);
    if (error instanceof MalformedCall || error instanceof ServerFault)
      return writeXmlRpcFault(1, error.message);
    throw error;
  }
}

/** Before 0.6.3 everything but texts and integers was a text of JSON. */
function legacyResult({ method }: RpcCall, result: RpcValue): RpcValue {
  const isPlain = typeof result === "string" || typeof result === "boolean" || Number.isInteger(result);
  return isPlain || method.startsWith("system.") ? result : JSON.stringify(result, null, 4);
}

async function answerJson(body: Uint8Array, { dispatcher }: ApiHandlerOptions): Promise<HttpResponse> {
  const headers = { "Content-Type": "application/json-rpc" };
  const write = (value: RpcValue) => ({ status: 200, headers, body: JSON.stringify(value) });
  let request: ReturnType<typeof readJsonRpc>;
  try {
    request = readJsonRpc(body);
  } catch (error) {
    if (error instanceof MalformedCall) return write(jsonRpcMalformed(-32700, error.message));
    throw error;
  }
  const answers: RpcValue[] = [];
  for (const call of request.calls) {
    const answer =
      call instanceof MalformedCall
        ? jsonRpcMalformed(-32600, call.message)
        : await answerCall(call, dispatcher);
    if (call instanceof MalformedCall || call.id !== undefined) answers.push(answer);
  }
  if (answers.length === 0) return { status: 200, headers, body: "" };
  return write(request.form === "batch" ? answers : (answers[0] ?? null));
}

async function answerCall(call: JsonRpcCall, dispatcher: Pick<Dispatcher, "call">): Promise<RpcValue> {
  try {
    return jsonRpcResult(call, await dispatcher.call(call));
  } catch (error) {
    if (error instanceof ApiError) return jsonRpcError(call, error);
    if (error instanceof ServerFault) return jsonRpcError(call, new ApiError(21, error.message));
    throw error;
  }
}
