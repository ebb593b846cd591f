import type { IdentityStore } from "../bitmessage/messaging/ports.js";
import type { ReceivedMessage } from "../bitmessage/messaging/types.js";
import type { Address } from "../bitmessage/protocol/address.js";
import { Encoding } from "../bitmessage/protocol/content.js";
import { readInlineFiles } from "./forms/inline-files.js";
import type { CapabilityStore, PreferenceStore } from "./ports.js";
import type { GatewaySettings } from "./settings.js";

/** How a message to somebody is to be written. */
export interface Way {
  readonly attachments: GatewaySettings["attachments"];
  /** Whose word that is: for refusals. */
  readonly attachmentsBy: string;
  /** PROTOCOL.md section 14; null: by the mail's content. */
  readonly encoding: number | null;
  /** Trials; null: the policy's. */
  readonly maximumWork: number | null;
}

/** What correspondents' programs can read: learned from what they send, or set by hand (MAIL-MAPPING section 3). */
export interface Correspondents {
  /** Within the transaction that delivers the message. */
  learn(message: ReceivedMessage): void;
  wayTo(user: string, recipient: { readonly kind: "msg" | "broadcast"; readonly address: Address }): Way;
}

export interface CorrespondentsOptions {
  readonly identities: IdentityStore;
  readonly capabilities: CapabilityStore;
  readonly preferences: PreferenceStore;
  readonly settings: Pick<GatewaySettings, "attachments">;
}

export function createCorrespondents(options: CorrespondentsOptions): Correspondents {
  return new KnownCorrespondents(options);
}

class KnownCorrespondents implements Correspondents {
  readonly #options: CorrespondentsOptions;

  constructor(options: CorrespondentsOptions) {
    this.#options = options;
  }

  learn(message: ReceivedMessage): void {
    const { capabilities } = this.#options;
    // Under a chan's own address any of its members may write.
    if (message.chan && message.from === message.to) return;
    const shown = capabilityShown(message);
    if (shown === null) return;
    const known = capabilities.get(message.from);
    if (known !== shown && known !== "extended") capabilities.set(message.from, shown);
  }

  wayTo(
    user: string,
    { kind, address }: { readonly kind: "msg" | "broadcast"; readonly address: Address },
  ): Way {
    const { preferences, settings } = this.#options;
    const preference = kind === "msg" ? preferences.get(user, address) : null;
    const encoding = preference?.encoding ?? null;
    const maximumWork = preference?.maximumWork ?? null;
    const rest = { encoding: encoding === null ? null : Encoding[encoding], maximumWork };
    const contact = `of the contact ${address}`;
    if (preference?.attachments) {
      return { attachments: preference.attachments, attachmentsBy: `attachments ${contact}`, ...rest };
    }
    if (settings.attachments === "refuse")
      return { attachments: "refuse", attachmentsBy: "send.attachments", ...rest };
    if (encoding === "simple")
      return { attachments: "inline", attachmentsBy: `encoding ${contact}`, ...rest };
    const learned = kind === "msg" ? this.#learned(user, address) : null;
    const attachmentsBy = learned === null ? "send.attachments" : "what that program reads";
    return { attachments: learned ?? settings.attachments, attachmentsBy, ...rest };
  }

  #learned(user: string, address: Address): "extended" | "inline" | null {
    const { identities, capabilities } = this.#options;
    if (identities.get(user, address)?.chan) return null;
    // Whoever lives on this bridge reads what it writes.
    return identities.owners(address).length > 0 ? "extended" : capabilities.get(address);
  }
}

/**
 * Extended encoding alone says little: PyBitmessage reads it and shows no files. Files in it, and what only programs such as this one carry
 * along, say that files are read; so does the older inline form of those who write it.
 */
function capabilityShown({ content, encoding }: ReceivedMessage): "extended" | "inline" | null {
  if (content.kind !== "text") return null;
  const isOurs = content.original !== undefined || content.headers["message-id"] !== undefined;
  if (isOurs || (encoding === Encoding.extended && content.files.length > 0)) return "extended";
  return readInlineFiles(content.body).files.length > 0 ? "inline" : null;
}
