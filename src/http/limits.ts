/** What one client may take of the server. Times are milliseconds, sizes octets. */
export interface HttpLimits {
  /** Request line and header together. */
  readonly header: number;
  /** From the first octet of a request to the end of its header. */
  readonly headerTime: number;
  /** From there to the end of its body. */
  readonly requestTime: number;
  /** A connection on which nothing moves is closed. */
  readonly stallTime: number;
  /** A connection that waits for its next request. */
  readonly idleTime: number;
  readonly connections: number;
  /** How long `stop` waits for answers that are being made. */
  readonly stopTime: number;
}

export const defaultLimits: HttpLimits = {
  header: 16 * 1024,
  headerTime: 10_000,
  requestTime: 60_000,
  stallTime: 60_000,
  idleTime: 15_000,
  connections: 200,
  stopTime: 1000,
};
