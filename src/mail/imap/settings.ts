import type { Logger } from "../../logger.js";
import type { Backend } from "./backend.js";
import type { ImapError } from "./error.js";
import type { ImapLimits } from "./limits.js";

export interface TlsSettings {
  /** `starttls`: offered on a plain port; `implicit`: TLS from the first octet. */
  readonly mode: "off" | "starttls" | "implicit";
  /** PEM. Needed unless the mode is off. */
  readonly key?: string;
  /** PEM, the leaf first. */
  readonly cert?: string;
}

export interface ImapServerOptions {
  readonly backend: Backend;
  /** Port 0: any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls?: TlsSettings;
  /** No login without TLS (LOGINDISABLED). */
  readonly requireTls?: boolean;
  /** What to say of a failure of the host that is no bug of it, such as a full disk; null: it is one. */
  readonly explain?: (error: unknown) => ImapError | null;
  /** What each client is to be told when it has logged in (ALERT, RFC 9051 section 7.1); null: nothing. */
  readonly alert?: () => string | null;
  readonly logger?: Logger;
  readonly limits?: Partial<ImapLimits>;
  /** Octets of the largest message that APPEND takes (RFC 7889). */
  readonly appendLimit?: number;
  /** What the server says of itself in ID (RFC 2971). */
  readonly id?: Readonly<Record<string, string>>;
  /** Names of capabilities that are not to be offered, such as `MOVE`. */
  readonly withoutCapabilities?: readonly string[];
}

/** The options with nothing left open. */
export interface ImapSettings {
  readonly backend: Backend;
  readonly tls: TlsSettings;
  readonly requireTls: boolean;
  readonly explain: (error: unknown) => ImapError | null;
  readonly alert: () => string | null;
  readonly logger: Logger;
  readonly limits: ImapLimits;
  readonly appendLimit: number;
  readonly id: Readonly<Record<string, string>>;
  readonly withoutCapabilities: ReadonlySet<string>;
}
