/** Why the database cannot be used; the text may be shown to people. */
export class StoreError extends Error {
  constructor(
    readonly code: "in-use" | "newer" | "foreign" | "damaged" | "unusable" | "locked" | "wrong-passphrase",
    text: string,
  ) {
    super(text);
    this.name = "StoreError";
  }
}
