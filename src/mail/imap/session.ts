/** One client's session: its state (RFC 9051 section 3), its user, its mailbox, and the life of a command from text to tagged response. */
import type { AuthenticatedUser } from "../sasl.js";
import type { OpenMailbox, UserMail } from "./backend.js";
import { capabilityLine, offers } from "./capabilities.js";
import type { Command } from "./commands/command.js";
import { findCommand } from "./commands/table.js";
import type { Segment } from "./decoder.js";
import { ImapError } from "./error.js";
import { asciiText, type Octets, plainText } from "./format.js";
import type { NameForm } from "./mailbox-name.js";
import type { Notifier } from "./notifier.js";
import type { ResponseWriter } from "./output.js";
import { CommandParser, syntax } from "./parser.js";
import type { ImapSettings } from "./settings.js";
import type { SessionView, UpdateFormat } from "./view.js";

export type SessionState = "not-authenticated" | "authenticated" | "selected" | "logout";

export interface SelectedMailbox {
  readonly name: string;
  readonly handle: OpenMailbox;
  readonly view: SessionView;
  readonly access: "read-write" | "read-only";
}

/** The connection, as far as commands have to do with it. */
export interface SessionConnection {
  readonly remoteAddress: string;
  readonly remotePort: number | undefined;
  readonly localPort: number | undefined;
  readonly encrypted: boolean;
  readonly closed: boolean;
  /** Resolves at the next octets, the end of the connection, or `wake`. */
  activity(): Promise<void>;
  wake(): void;
  /** An answer to a continuation request; null when the connection ended. */
  nextLine(limit: number): Promise<string | null>;
  /** The next line, left in place; null when there is none yet. */
  peekLine(limit: number): string | null;
  /** Forgets what was sent ahead and makes the connection a TLS one; rejects when the handshake fails. */
  startTls(): Promise<void>;
  /** Login is done: its time limit ends. */
  loggedIn(): void;
  /** Says good-bye and closes. */
  stop(reason: string): void;
}

/** What the sessions of a server share. */
export interface SessionRegistry {
  /** Counts a session of the user; false when there are too many. */
  enter(user: string): boolean;
  leave(user: string): void;
}

export class Session {
  state: SessionState = "not-authenticated";
  user: AuthenticatedUser | null = null;
  mail: UserMail | null = null;
  selected: SelectedMailbox | null = null;
  /** Names of extensions that the client has switched on (RFC 5161). */
  readonly enabled = new Set<string>();
  badCommands = 0;
  #notifier: Notifier | null = null;
  /** The client has been told of a MODSEQ below the mailbox's, because expunges were held back. */
  #modSeqHeld = false;

  constructor(
    readonly settings: ImapSettings,
    readonly registry: SessionRegistry,
    readonly connection: SessionConnection,
    readonly out: ResponseWriter,
  ) {}

  get loginAllowed(): boolean {
    return this.connection.encrypted || !this.settings.requireTls;
  }

  get startTlsOffered(): boolean {
    return (
      this.settings.tls.mode === "starttls" &&
      !this.connection.encrypted &&
      this.state === "not-authenticated"
    );
  }

  /** IMAP4rev2 is switched on: what it has dropped of IMAP4rev1 is gone (RFC 9051 appendix E). */
  get isRevision2(): boolean {
    return this.enabled.has("IMAP4REV2");
  }

  /** How mailbox names are written. */
  get nameForm(): NameForm {
    return this.isRevision2 || this.enabled.has("UTF8=ACCEPT") ? "utf-8" : "modified-utf-7";
  }

  get updateFormat(): UpdateFormat {
    const condstore = this.enabled.has("CONDSTORE");
    return {
      uid: condstore || this.isRevision2 || this.#notifier ? "with-uid" : "without-uid",
      modSeq: condstore ? "with-modseq" : "without-modseq",
      expunges: this.enabled.has("QRESYNC") ? "as-vanished" : "as-expunge",
    };
  }

  greet(): void {
    this.out.line(`* OK [CAPABILITY ${capabilityLine(this)}] Ready.`);
  }

  /** Switches CONDSTORE on; a client with a mailbox open is told its HIGHESTMODSEQ (RFC 7162 section 3.1). */
  enableCondstore(): void {
    if (this.enabled.has("CONDSTORE")) return;
    this.enabled.add("CONDSTORE");
    if (!this.selected) return;
    this.out.line(`* OK [HIGHESTMODSEQ ${Math.max(1, this.selected.view.highestModSeq)}] Highest.`);
  }

  /** NOTIFY: from now on the client hears of what this notifier is asked for, between its commands too. */
  notify(notifier: Notifier): void {
    this.#notifier?.close();
    this.#notifier = notifier;
    this.listen();
  }

  /** Has the connection woken when there is news of the selected mailbox, if the client has said NOTIFY. */
  listen(): void {
    const { selected } = this;
    if (!selected) return;
    selected.view.onUpdate = this.#notifier ? () => this.connection.wake() : null;
    selected.view.keepsNews = this.#notifier?.selected.fetch != null;
  }

  /** Tells what waits while the client says nothing. */
  async deliver(when: "idle" | "between-commands"): Promise<void> {
    const notifier = this.#notifier;
    if (this.out.blocked || this.state === "logout") return;
    if (when === "idle" || notifier) {
      const immediate = when === "idle" || notifier?.selected.expunges === "immediate";
      this.tell(immediate ? "tell-expunges" : "hold-expunges", when);
    }
    try {
      await notifier?.deliver();
    } catch (error) {
      this.settings.logger.error("notifying failed", { error });
    }
  }

  /** Obeys one command and answers it. Never rejects. */
  async execute(segments: readonly Segment[]): Promise<void> {
    const parser = new CommandParser(segments, this.settings.limits, {
      searchResult: offers(this, "SEARCHRES") ? "known" : "unknown",
      nameForm: this.nameForm,
    });
    let tag: string;
    let command: Command;
    try {
      tag = parser.tag();
    } catch {
      this.#bad("*", "A command begins with a tag.");
      return;
    }
    try {
      command = this.#command(parser);
    } catch (error) {
      this.#bad(tag, (error as Error).message);
      return;
    }
    try {
      let { expunges } = command;
      const holdExpunges = (): void => {
        expunges = "hold-expunges";
      };
      const text = await command.run({ session: this, tag, parser, holdExpunges });
      if (text === null) return;
      if (this.state === "selected") this.tell(expunges);
      this.out.line(`${tag} OK ${text}`);
    } catch (error) {
      this.#fail(tag, command, error);
    }
  }

  /** The answer to a command that the decoder has not let through. */
  refuse(segments: readonly Segment[], code: string | null, text: string): void {
    const tag = /^[^\x00-\x20\x7f-\xff(){%*"\\+]+/.exec(segments[0]?.text ?? "")?.[0] ?? "*";
    if (code) this.out.line(`${tag} NO [${code}] ${text}`);
    else this.#bad(tag, text);
  }

  /** Leaves the mailbox, if there is one. */
  closeMailbox(): void {
    const selected = this.selected;
    this.selected = null;
    this.#modSeqHeld = false;
    if (this.state === "selected") this.state = "authenticated";
    if (!selected) return;
    selected.view.onUpdate = null;
    selected.handle.close();
  }

  /** The connection has ended. */
  close(): void {
    try {
      this.closeMailbox();
      this.#notifier?.close();
      this.mail?.close();
    } catch (error) {
      this.settings.logger.error("closing a session failed", { error });
    }
    this.mail = null;
    this.state = "logout";
    if (this.user) this.registry.leave(this.user.name);
    this.user = null;
  }

  /** Tells the client what has happened to its mailbox; BYE when the mailbox is gone. */
  tell(
    expunges: "tell-expunges" | "hold-expunges",
    when: "in-command" | "idle" | "between-commands" = "in-command",
  ): void {
    const selected = this.selected;
    if (!selected?.view.hasUpdates) return;
    const heldExpunges = selected.view.holdsExpunges;
    const text = selected.view.tell(expunges, this.updateFormat, this.#notifier?.selected.events);
    if (heldExpunges && !selected.view.holdsExpunges) selected.handle.forgetExpunged();
    this.out.add(text);
    if (this.enabled.has("QRESYNC") && (text !== "" || when === "in-command"))
      this.#tellModSeq(selected.view);
    if (!selected.view.deleted) return;
    this.out.line("* BYE The selected mailbox has been deleted.");
    this.state = "logout";
  }

  /**
   * While expunges are held back, a client must not take the MODSEQ of what it is told for its own: a connection lost now would
   * lose the expunges (RFC 7162 section 3.2).
   */
  #tellModSeq(view: SessionView): void {
    if (!view.holdsExpunges && !this.#modSeqHeld) return;
    this.#modSeqHeld = view.holdsExpunges;
    this.out.line(`* OK [HIGHESTMODSEQ ${Math.max(1, view.toldModSeq)}] Highest.`);
  }

  #text(text: string): Octets {
    return this.isRevision2 ? plainText(text) : asciiText(text);
  }

  #command(parser: CommandParser): Command {
    parser.space();
    let name = parser.word();
    if (name === "UID") {
      parser.space();
      name = `UID ${parser.word()}`;
    }
    const command = findCommand(name);
    if (!command || (command.only && this.isRevision2)) throw syntax(`Unknown command ${name.slice(0, 40)}.`);
    if (!command.states.includes(this.state)) throw syntax(wrongState(name, this.state));
    return command;
  }

  #bad(tag: string, text: string): void {
    this.badCommands += 1;
    this.out.line(`${tag} BAD ${this.#text(text)}`);
    if (this.state !== "not-authenticated" || this.badCommands < this.settings.limits.badCommandsBeforeLogin)
      return;
    this.out.line("* BYE Too many invalid commands.");
    this.state = "logout";
  }

  #fail(tag: string, command: Command, error: unknown): void {
    if (this.state === "selected") this.tell("hold-expunges");
    const refusal = error instanceof ImapError ? error : this.settings.explain(error);
    if (refusal !== null) {
      if (refusal.status === "BAD") {
        this.#bad(tag, refusal.message);
        return;
      }
      const code = refusal.code ? `[${refusal.code}] ` : "";
      this.out.line(`${tag} NO ${code}${this.#text(refusal.message)}`);
      return;
    }
    this.settings.logger.error("command failed", { command: command.name, error });
    this.out.line(`${tag} NO [SERVERBUG] The server made a mistake; it has been logged.`);
  }
}

function wrongState(name: string, state: SessionState): string {
  if (state === "not-authenticated") return `Log in before ${name}.`;
  if (state === "authenticated") return `Select a mailbox before ${name}.`;
  return `${name} is not allowed now.`;
}
