/** Every delay of the node, in seconds, so that tests can be quick. The defaults are those of PROTOCOL.md sections 7 and 21. */
export interface NodeTimings {
  /** How often connections and requests are looked over. */
  readonly tick: number;
  /** A TCP connection that has not come about by then is given up. */
  readonly connect: number;
  /** Longest silence during the handshake, TLS included (section 7.2). */
  readonly handshakeSilence: number;
  /** The whole handshake, however chatty: nobody may hold a half-open connection for ever. */
  readonly handshake: number;
  /** Silence both ways after which an established peer is pinged (section 7.2). */
  readonly pingAfter: number;
  /** Silence of an established peer after which the connection is closed (section 7.2). */
  readonly closeAfter: number;
  /** The same after the machine has slept: most connections are gone then, and nobody says so. */
  readonly closeAfterSleep: number;
  /** A peer that takes nothing of what waits to be sent for so long is closed. */
  readonly writeStall: number;
  /** How long a last packet may take to leave before the connection is cut. */
  readonly closing: number;
  /** Between attempts to find a new outbound peer (section 7.3). */
  readonly dial: number;
  /** Before a peer is tried again; doubles with each failure. */
  readonly retryFirst: number;
  readonly retryLongest: number;
  /** A new object is announced after a random time up to this (section 7.7). */
  readonly announceDelay: number;
  /**
   * How long a stem object is kept from all others at least (section 8.2). PyBitmessage's ten seconds are over before most stems have come
   * to their end, and the first on a stem, who made the object, is the likeliest to tell everybody: spies who are a tenth of the nodes then
   * know the origin of 28 % of the objects by first sight, with 90 seconds of 11 %, where no protocol has less than 10 %. The time is
   * each node's own; a stem takes 26 seconds on average instead of 16, and two minutes where it leads nowhere.
   */
  readonly stemLeast: number;
  /** the mean of an exponentially distributed time beyond that, */
  readonly stemMean: number;
  /** and how often the stems are chosen anew. */
  readonly stemReshuffle: number;
  /** An object of the kind that is published later waits a random time up to this. */
  readonly publishLater: number;
  /** The time that an announcement takes from one node to the next and its object to follow (section 7.6). */
  readonly spreadStep: number;
  /** An unanswered getdata is repeated after this (section 7.4). */
  readonly requestRetry: number;
  /**
   * The same for a peer that has not delivered anything yet: PyBitmessage silently drops getdata in the first seconds of a
   * connection (section 7.6).
   */
  readonly earlyRetry: number;
  /** For how long after the connection was established a peer counts as new in that sense. */
  readonly earlyPeriod: number;
  /** An announced object that never came is forgotten (section 7.4). */
  readonly requestForget: number;
  /** Nobody is asked for objects for so long after some could not be kept, as on a full disk. */
  readonly storePause: number;
  /** The same while the inventory is over its limit; at least a tick. */
  readonly sheddingPause: number;
  /** How often we tell the local network of us (section 9.4). */
  readonly lanAnnouncement: number;
  /** Before a router that did not let others in is asked again. */
  readonly portMappingRetry: number;
  /** Between looks at what is too old. */
  readonly tidy: number;
  /** At least: with 20,000 known nodes it takes a tenth of a second and most of a megabyte. */
  readonly saveKnownNodes: number;
  /** Between attempts to find first nodes while there is no peer. */
  readonly bootstrap: number;
  /** Between removals of expired objects (section 8.1), at least. */
  readonly cleanInventory: number;
}

export const DEFAULT_TIMINGS: NodeTimings = {
  tick: 1,
  connect: 20,
  handshakeSilence: 20,
  handshake: 60,
  pingAfter: 300,
  closeAfter: 600,
  closeAfterSleep: 30,
  writeStall: 600,
  closing: 5,
  dial: 2,
  retryFirst: 2,
  retryLongest: 600,
  announceDelay: 10,
  stemLeast: 90,
  stemMean: 30,
  stemReshuffle: 600,
  publishLater: 60,
  spreadStep: 5.2,
  requestRetry: 60,
  earlyRetry: 6,
  earlyPeriod: 60,
  requestForget: 3600,
  storePause: 30,
  sheddingPause: 2,
  lanAnnouncement: 60,
  portMappingRetry: 1200,
  tidy: 60,
  saveKnownNodes: 600,
  bootstrap: 120,
  cleanInventory: 7380,
};
