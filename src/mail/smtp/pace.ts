/** Octets in the time for a command that count as a mail that is coming; an old modem has a hundred times as many. */
const LEAST_OCTETS = 4096;

/** What a connection has taken from its client so far. */
export interface Progress {
  readonly commands: number;
  readonly octets: number;
}

/**
 * Whether a client gets on, looked at in equal intervals. An idle timer alone is no end for one that sends an octet now and then
 * (slow-loris): here the time for a command (RFC 5321 section 4.5.3.2) is that of a whole one, or of some part of a mail.
 */
export class Pace {
  private last: Progress = { commands: 0, octets: 0 };

  /** Whether there was a command, or enough of a mail, since the last look. */
  getsOn(now: Progress): boolean {
    const { commands, octets } = this.last;
    this.last = now;
    return now.commands > commands || now.octets - octets >= LEAST_OCTETS;
  }
}
