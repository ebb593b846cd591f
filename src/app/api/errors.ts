/** PyBitmessage's error codes. Programs compare codes and texts, so both stand as they are there. */

/** A command that was refused, or the fault of a call. */
export class ApiError extends Error {
  constructor(
    readonly code: number,
    text: string,
  ) {
    super(text);
    this.name = "ApiError";
  }
}

/** As a text, the way the legacy variant answers. */
export function errorText(error: ApiError): string {
  return `API Error ${String(error.code).padStart(4, "0")}: ${error.message}`;
}

export function unexpected(text: string): ApiError {
  return new ApiError(21, `Unexpected API Failure - ${text}`);
}

export const ERROR_TEXTS = {
  1: "The specified passphrase is blank.",
  3: "The stream number must be 1 (or 0 which means auto-select). Others aren't supported.",
  4: "Why would you ask me to generate 0 addresses for you?",
  5:
    "You have (accidentally?) specified too many addresses to make. Maximum 999. This check only exists to prevent mischief; if you " +
    "really want to create more addresses than this, contact the Bitmessage developers and we can modify the check or you can do it " +
    "yourself by searching the source code for this message.",
  6: "The encoding type must be 2 or 3.",
  11: "The address version number currently must be 2, 3 or 4. Others aren't supported. Check the address.",
  12: "The stream number must be 1. Others aren't supported. Check the address.",
  13: "Could not find this address in your keys.dat file.",
  14: "Your fromAddress is disabled. Cannot send.",
  15: "Invalid ackData object size.",
  17: "Label is not valid UTF-8 data.",
  18: "Chan name does not match address.",
  19: "The length of hash should be 32 bytes (encoded in hex thus 64 characters).",
  24: "Chan address is already present.",
  25: "Specified address is not a chan address. Use deleteAddress API call instead.",
  27: "Message is too long.",
} as const;

export function apiError(code: keyof typeof ERROR_TEXTS): ApiError {
  return new ApiError(code, ERROR_TEXTS[code]);
}
