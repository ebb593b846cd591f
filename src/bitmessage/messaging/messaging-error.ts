export type MessagingErrorCode =
  | "identity-exists"
  | "not-a-chan"
  | "stopped"
  | "unknown-entry"
  | "unknown-identity"
  | "unknown-subscription";

/** A wish that messaging cannot fulfil; its text may be shown to the person who asked. */
export class MessagingError extends Error {
  override readonly name = "MessagingError";

  constructor(
    readonly code: MessagingErrorCode,
    text: string,
  ) {
    super(text);
  }
}
