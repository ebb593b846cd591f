/** What a handler sees of a request, and what it answers. */

export interface HttpRequest {
  /** As written, in capitals. */
  readonly method: string;
  /** Begins with a slash; percent-encoded as it came, without the query. */
  readonly path: string;
  /** The parts of the path between slashes, decoded; the last one is empty when the path ends with a slash. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  /** Host and port as the client wrote them; checked. */
  readonly host: string;
  readonly protection: "plain" | "tls";
  readonly remoteAddress: string;
  readonly remotePort?: number | undefined;
  readonly localPort?: number | undefined;
  /** The field's value, several joined by commas as HTTP has it. The name in lower case. */
  header(name: string): string | null;
  /** Reads the body, once. @throws HttpError 413 above `limit` octets */
  body(limit: number): Promise<Uint8Array>;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text goes out as UTF-8. */
  readonly body?: string | Uint8Array;
}

export type HttpHandler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

/** An answer that ends the handling of a request; the text is for the client. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    text: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(text);
    this.name = "HttpError";
  }
}
