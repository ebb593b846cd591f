interface Record {
  failures: number;
  tlsFailures: number;
  /** Seconds on the monotonic clock. */
  next: number;
}

const MAX_RECORDS = 5000;
/** TLS handshakes that must fail in a row before one attempt without TLS is made (PROTOCOL.md section 6). */
const TLS_FAILURES = 2;

export interface AttemptResult {
  readonly established: boolean;
  readonly tlsFailed: boolean;
}

/** When each address may be tried again, and whether with TLS. */
export class RetrySchedule {
  readonly #records = new Map<string, Record>();
  readonly #first: number;
  readonly #longest: number;

  /** Seconds before the first repetition, which double with each failure, up to the longest. */
  constructor(first: number, longest: number) {
    this.#first = first;
    this.#longest = longest;
  }

  isDue(address: string, now: number): boolean {
    return now >= (this.#records.get(address)?.next ?? 0);
  }

  /** Whether TLS should be offered: not when it has failed twice in a row. */
  offersTls(address: string): boolean {
    return (this.#records.get(address)?.tlsFailures ?? 0) < TLS_FAILURES;
  }

  /** @param offeredTls what `offersTls` said at this attempt; @param longest seconds, where they are to be less than usual */
  ended(
    address: string,
    result: AttemptResult & { offeredTls: boolean },
    now: number,
    longest = this.#longest,
  ): void {
    const before = this.#records.get(address) ?? { failures: 0, tlsFailures: 0, next: 0 };
    const failures = result.established ? 0 : before.failures + 1;
    const delay = Math.min(this.#longest, longest, this.#first * 2 ** Math.max(0, failures - 1));
    // The attempt without TLS is a single one: then it is tried with TLS again.
    const tlsFailures = result.tlsFailed && result.offeredTls ? before.tlsFailures + 1 : 0;
    this.#records.delete(address);
    this.#records.set(address, { failures, tlsFailures, next: now + delay });
    if (this.#records.size > MAX_RECORDS) this.#records.delete(this.#records.keys().next().value!);
  }
}
