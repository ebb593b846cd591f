import { isOwnHost, refuseForeignOrigin } from "../../src/http/guard.js";
import { HttpError, type HttpHandler, type HttpRequest, type HttpResponse } from "../../src/http/message.js";
import { readTarget } from "../../src/http/request.js";
import { textOf, utf8Of } from "./target.js";

/** A request as the server hands it on: line, fields, an empty line, body. Null where the server itself refuses it. */
export function readRequestText(input: Uint8Array): HttpRequest | null {
  const text = textOf(input);
  const end = text.indexOf("\n\n");
  const [line = "", ...fields] = text.slice(0, end < 0 ? text.length : end).split("\n");
  const [method = "", target = ""] = line.split(" ");
  const headers = new Map<string, string>([["host", "localhost"]]);
  for (const field of fields) {
    const colon = field.indexOf(":");
    // As Node's own parser has it: no controls in values.
    if (colon > 0 && !/[\x00-\x08\x0a-\x1f\x7f]/.test(field))
      headers.set(field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim());
  }
  const host = headers.get("host") ?? "";
  try {
    if (!isOwnHost(host, ["bm.localhost"])) return null;
    refuseForeignOrigin(method, host, Object.fromEntries(headers));
    return {
      method,
      ...readTarget(target),
      host,
      protection: "plain",
      remoteAddress: "127.0.0.1",
      header: (name) => headers.get(name) ?? null,
      async body(limit) {
        const body = end < 0 ? new Uint8Array(0) : input.slice(end + 2);
        if (body.length > limit) throw new HttpError(413, "too much");
        return body;
      },
    };
  } catch (error) {
    if (error instanceof HttpError) return null;
    throw error;
  }
}

/** Runs a handler and looks at its answer: no field may hold what ends a line, and nothing of it is the handler's own fault. */
export async function answerTo(handler: HttpHandler, request: HttpRequest): Promise<HttpResponse> {
  const response = await ask(handler, request);
  for (const [name, value] of Object.entries(response.headers ?? {}))
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw new Error(`the field ${name} is ${JSON.stringify(value)}`);
  return response;
}

async function ask(handler: HttpHandler, request: HttpRequest): Promise<HttpResponse> {
  try {
    return await handler(request);
  } catch (error) {
    if (error instanceof HttpError)
      return { status: error.status, headers: error.headers, body: error.message };
    throw error;
  }
}

export function bodyOf({ body = "" }: HttpResponse): string {
  return typeof body === "string" ? body : utf8Of(body);
}
