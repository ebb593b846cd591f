/** Trouble with storage in the words of each server: the client may try again, and nobody takes it for a bug. */
import { HttpError } from "../http/message.js";
import { ImapError } from "../mail/imap/error.js";
import { SmtpError } from "../mail/smtp/error.js";
import { CommandError, type ControlMethods } from "./control/messages.js";
import type { StorageHealth } from "./storage-health.js";

export interface StorageRefusals {
  /** RFC 5321 section 4.2.3, RFC 3463 section 3.4; null: the error is not one of storage. */
  smtp(error: unknown): SmtpError | null;
  /** RFC 5530 section 3. */
  imap(error: unknown): ImapError | null;
  /** RFC 4918 section 11.5, RFC 9110 section 15.6.4. */
  http(error: unknown): HttpError | null;
  command(error: unknown): CommandError | null;
}

export function createStorageRefusals(health: Pick<StorageHealth, "notice">): StorageRefusals {
  return {
    smtp(error) {
      const trouble = health.notice(error);
      if (trouble === null) return null;
      const text = `${trouble.text}. Try again later`;
      return trouble.fault === "full" ? new SmtpError(452, "4.3.1", text) : new SmtpError(451, "4.3.0", text);
    },
    imap(error) {
      const trouble = health.notice(error);
      if (trouble === null) return null;
      const codes = {
        full: "OVERQUOTA",
        damaged: "CORRUPTION",
        "read-only": "UNAVAILABLE",
        failing: "UNAVAILABLE",
      };
      return new ImapError("NO", codes[trouble.fault], `${trouble.text}.`);
    },
    http(error) {
      const trouble = health.notice(error);
      if (trouble === null) return null;
      return trouble.fault === "full"
        ? new HttpError(507, `${trouble.text}.`)
        : new HttpError(503, `${trouble.text}.`, { "Retry-After": "60" });
    },
    command(error) {
      const trouble = health.notice(error);
      return trouble === null ? null : new CommandError(trouble.text);
    },
  };
}

/** The methods, with trouble of storage told to whoever calls them. */
export function explainStorage(
  methods: ControlMethods,
  refusals: Pick<StorageRefusals, "command">,
): ControlMethods {
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [
      name,
      async (params: Readonly<Record<string, unknown>>) => {
        try {
          return await method(params);
        } catch (error) {
          throw refusals.command(error) ?? error;
        }
      },
    ]),
  );
}
