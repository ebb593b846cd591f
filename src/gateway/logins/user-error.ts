export type UserErrorCode =
  | "bad-name"
  | "bad-password"
  | "exists"
  | "unknown"
  | "owns-identities"
  | "too-many";

/** A wish about logins that cannot be fulfilled; the text may be shown to people. */
export class UserError extends Error {
  constructor(
    readonly code: UserErrorCode,
    text: string,
  ) {
    super(text);
    this.name = "UserError";
  }
}
