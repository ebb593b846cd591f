/** Answers that are not what was asked for, with the precondition that failed (RFC 4918 section 16). */
import type { HttpResponse } from "../../http/message.js";
import { dav, node, writeXml, type XmlNode } from "./xml.js";

export class DavError extends Error {
  readonly #content: readonly (XmlNode | string)[];

  constructor(
    readonly status: number,
    private readonly namespace: string,
    /** The precondition. */
    readonly condition: string,
    ...content: (XmlNode | string)[]
  ) {
    super(condition);
    this.name = "DavError";
    this.#content = content;
  }

  response(): HttpResponse {
    return xmlResponse(this.status, dav("error", node(this.namespace, this.condition, ...this.#content)));
  }
}

export function xmlResponse(status: number, root: XmlNode): HttpResponse {
  return {
    status,
    headers: { "Content-Type": "application/xml; charset=utf-8", DAV: COMPLIANCE },
    body: writeXml(root),
  };
}

/** RFC 4918 section 10.1, RFC 6352 section 6.1. */
export const COMPLIANCE = "1, 3, addressbook";
