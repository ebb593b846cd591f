/** Reading the parameters of a command as PyBitmessage does: hex and base64 as Python takes them, types told by their Python names. */
import { ApiError, unexpected } from "./errors.js";
import { type RpcValue, typeName } from "./values.js";

/** The parameters of one call, by position; what is left out and None are the same. */
export class Parameters {
  constructor(
    /** The name under which the command was called. */
    readonly method: string,
    private readonly values: readonly RpcValue[],
  ) {}

  has(index: number): boolean {
    return this.values[index] !== undefined && this.values[index] !== null;
  }

  value(index: number): RpcValue {
    return this.values[index] ?? null;
  }

  /** @throws ApiError 21 for anything but a text */
  text(index: number, otherwise?: string): string {
    if (otherwise !== undefined && !this.has(index)) return otherwise;
    const value = this.value(index);
    if (typeof value === "string") return value;
    throw unexpected(`a text was expected, saw ${typeName(value)}`);
  }

  /** @throws ApiError 21 for anything but a number */
  number(index: number, otherwise?: number): number {
    if (otherwise !== undefined && !this.has(index)) return otherwise;
    const value = this.value(index);
    if (typeof value === "number") return value;
    throw unexpected(`a number was expected, saw ${typeName(value)}`);
  }

  /** @throws ApiError 23 for anything but a boolean */
  truth(index: number, name: string, otherwise: boolean): boolean {
    if (!this.has(index)) return otherwise;
    const value = this.value(index);
    if (typeof value === "boolean") return value;
    throw new ApiError(23, `Bool expected in ${name}, saw ${typeName(value)} instead`);
  }

  /** @throws ApiError 22 */
  hex(index: number): Uint8Array {
    const text = this.text(index);
    if (text.length % 2 !== 0) throw undecodable("Odd-length string", text);
    if (!/^[0-9a-f]*$/i.test(text)) throw undecodable("Non-hexadecimal digit found", text);
    return new Uint8Array(Buffer.from(text, "hex"));
  }

  /** Line breaks and other characters that base64 has not are passed over. @throws ApiError 22 */
  base64(index: number, otherwise?: string): Uint8Array {
    const text = this.text(index, otherwise);
    const digits = text.replace(/[^A-Za-z0-9+/=]+/g, "").replace(/=(?=[^=]).*$/s, "=");
    const octets = digits.replace(/=+$/, "");
    const padding = digits.length - octets.length;
    const needed = (4 - (octets.length % 4)) % 4;
    if (needed === 3 || padding < needed) throw undecodable("Incorrect padding", text);
    return new Uint8Array(Buffer.from(octets, "base64"));
  }

  /** Text in base64 that has to be UTF-8. @throws ApiError 17, 22 */
  label(index: number): string {
    const label = utf8(this.base64(index));
    if (label === null) throw new ApiError(17, "Label is not valid UTF-8 data.");
    return oneLine(label);
  }
}

/** A label on one line, as it is kept. */
export function oneLine(text: string): string {
  return text
    .replace(/\p{C}+/gu, " ")
    .trim()
    .slice(0, 200);
}

/** Null when it is no UTF-8. */
export function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Text as octets in base64, the way texts stand in answers. */
export function inBase64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

function undecodable(reason: string, text: string): ApiError {
  const shown = text.length > 200 ? `${text.slice(0, 200)}...` : text;
  return new ApiError(22, `Decode error - ${reason}. Had trouble while decoding string: '${shown}'`);
}
