import { offers } from "./capabilities.js";
import type { Session } from "./session.js";

/** Tells a client that waits for a long command how far it has come (RFC 9585), every ten seconds or so. */
export class Progress {
  #last = performance.now();

  constructor(
    private readonly session: Session,
    private readonly tag: string,
  ) {}

  report(done: number, total: number): void {
    const { settings, out } = this.session;
    const now = performance.now();
    if (now - this.#last < settings.limits.progressInterval) return;
    this.#last = now;
    if (out.blocked || !offers(this.session, "INPROGRESS")) return;
    // A tag may have a `]`, which would end the response code.
    const tag = this.tag.includes("]") ? "NIL" : `"${this.tag}"`;
    out.line(`* OK [INPROGRESS (${tag} ${Math.min(done, total)} ${total})] Still at work.`);
    out.flush();
  }
}
