/** Believable things to show on the web page: of somebody who has used the bridge for a while, and of somebody who has just begun. */
import type { QueueRow, Status } from "../../../src/app/commands/text.js";
import type { Sample } from "../../../src/store/stores.js";

/** Sunday, 22 November 2026, 14:20 UTC. */
export const NOW = Date.UTC(2026, 10, 22, 14, 20) / 1000;

export const ADDRESSES = {
  anna: "BM-2cTUyzueXNxTLJ4TVCs1yQfzSbcnmsPW6N",
  work: "BM-2cVnQNYKsTEsbKvQULHHwkvwXeCJHMbuQm",
  old: "BM-NBrEnaKn5Pnq9dMMg8E4rLJMgsZ5AAxR",
  bob: "BM-2cWLhrPMPJQrNSFEWXPPnG9XnnUjuQ2ka1",
  zoe: "BM-2cTZtnaTjhB9H4rzwTUVxZyAqL6VSQ9hQF",
  forum: "BM-2cUEdjbGrGj5jAHJ6Lfy1jQsEJCk4DTYKD",
  spam: "BM-2cXkBJpYHYqcJUMbjMPu9Rcfmz34D4cDWo",
  general: "BM-2cW67GEKkHGonXKZLCzouLLxnLym3azS8r",
  news: "BM-GtovgYdgs7qXPkoYaRgrLFuFKz1SFpsw",
} as const;

const APP_PASSWORDS = [
  {
    label: "phone",
    services: ["imap", "smtp"],
    created: NOW - 86_400,
    last_used: NOW - 60,
    last_service: "imap",
    last_address: "127.0.0.1",
  },
  {
    label: "laptop",
    services: ["imap", "smtp", "carddav"],
    created: NOW - 3600,
    last_used: null,
    last_service: null,
    last_address: null,
  },
];

const CONTACTS = [
  { address: ADDRESSES.bob, label: "Bob Ångström", blocked: false },
  {
    address: ADDRESSES.forum,
    label: "Radio amateurs of the northern coast, the organizing committee",
    blocked: false,
  },
  { address: ADDRESSES.zoe, label: "Zoë", blocked: false },
  { address: ADDRESSES.spam, label: "", blocked: true },
];
const CHANS = [
  { address: ADDRESSES.general, label: "general", enabled: true, chan: true },
  { address: ADDRESSES.forum, label: "amateur-radio", enabled: true, chan: true },
];
const IDENTITIES = [
  { address: ADDRESSES.anna, label: "Anna", enabled: true, chan: false },
  { address: ADDRESSES.work, label: "Letters to the editor", enabled: true, chan: false },
  { address: ADDRESSES.old, label: "The one from 2014", enabled: false, chan: false },
];
const SUBSCRIPTIONS = [{ address: ADDRESSES.news, label: "Timeservice" }];

interface Details extends QueueRow {
  readonly kind: "msg" | "broadcast";
  readonly expected_trials?: number;
}

function sent(row: Partial<Details> & Pick<Details, "id" | "to" | "subject" | "state">): Details {
  const created = row.created ?? NOW - 3600;
  return {
    from: ADDRESSES.anna,
    created,
    changed: row.changed ?? created,
    expires: null,
    attempts: 1,
    progress: null,
    kind: "msg",
    ...row,
  };
}

const QUEUE: readonly Details[] = [
  sent({
    id: "q8",
    to: ADDRESSES.bob,
    subject: "Photos from the harbour",
    state: "proof-of-work",
    created: NOW - 95,
    progress: 0.62,
    expected_trials: 5.2e8,
  }),
  sent({
    id: "q7",
    to: ADDRESSES.general,
    subject: "Re: Which antenna for the balcony?",
    state: "queued",
    created: NOW - 60,
  }),
  sent({ id: "q6", to: ADDRESSES.zoe, subject: "Sunday", state: "awaiting-pubkey", created: NOW - 1500 }),
  sent({
    id: "q5",
    to: ADDRESSES.bob,
    subject:
      "The minutes of Thursday’s meeting, with the annexes and everything that was said about the roof of the boathouse",
    state: "sent",
    created: NOW - 5400,
    expires: NOW + 300_000,
  }),
  sent({
    id: "q4",
    to: ADDRESSES.anna,
    subject: "News from the workshop",
    state: "sent",
    kind: "broadcast",
    created: NOW - 86_000,
    expires: NOW - 10,
  }),
  sent({
    id: "q3",
    to: ADDRESSES.spam,
    subject: "Your offer",
    state: "failed",
    created: NOW - 90_000,
    failure: "too-difficult",
    estimate: "about 3 h of work on this machine (9,400 million trials)",
  }),
  sent({ id: "q2", to: ADDRESSES.forum, subject: "", state: "cancelled", created: NOW - 150_000 }),
  ...Array.from({ length: 14 }, (_, index) =>
    sent({
      id: `d${index}`,
      to: index % 3 === 0 ? ADDRESSES.zoe : ADDRESSES.bob,
      subject: ["Re: Tuesday", "The recipe", "Key of the shed", "Re: Re: Re: Choir"][index % 4] ?? "",
      state: "acknowledged",
      created: NOW - 7000 - index * 31_000,
      changed: NOW - 7000 - index * 31_000 + [95, 240, 410, 1300, 160][index % 5]!,
    }),
  ),
];

const AGENTS = [
  "/PyBitmessage:0.6.3.2/",
  "/PyBitmessage:0.6.3/",
  "/BitmessageBridge:0.1.0/",
  "/notbit:0.7/",
  "/PyBitmessage:0.6.2/",
];
const PEERS = [
  "203.0.113.7:8444",
  "198.51.100.23:8444",
  "[2001:db8:85a3::8a2e:370:7334]:8444",
  "192.0.2.141:8448",
  "quzwelsuziwqgpt2.onion:8444",
  "203.0.113.90:51544",
  "198.51.100.201:40112",
];

export const STATUS: Status = {
  peers: PEERS.map((address, index) => ({
    address,
    inbound: index > 4,
    tls: index !== 3,
    user_agent: AGENTS[index % AGENTS.length] ?? "",
    services: 3,
    since: NOW - 900 * (index + 1) ** 2,
  })),
  inventory: { objects: 18_462, bytes: 61_300_000 },
  queue: {
    queued: 1,
    "proof-of-work": 1,
    "awaiting-pubkey": 1,
    sent: 2,
    acknowledged: 14,
    failed: 1,
    cancelled: 1,
  },
  pow: { engine: "native-avx2", threads: 7, trials_per_second: 13_400_000, working: true },
  traffic: {
    bytes_received: 91_000_000,
    bytes_sent: 44_000_000,
    objects_received: 20_100,
    objects_sent: 9800,
    objects_pending: 0,
  },
  mail: { users: 1, messages: 412 },
  trouble: null,
  keys: "plain",
  uptime_seconds: 260_000,
};

const NEW_STATUS: Status = {
  ...STATUS,
  peers: [],
  inventory: { objects: 0, bytes: 0 },
  pow: { engine: "auto", threads: 7, trials_per_second: 0, working: false },
  mail: { users: 1, messages: 0 },
  trouble: null,
  keys: "plain",
  uptime_seconds: 40,
};

/** A week of minutes, busier by day; the same in each run. */
export function samples(): readonly Sample[] {
  let seed = 7;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  return Array.from({ length: 7 * 1440 }, (_, index): Sample => {
    const time = Math.floor(NOW / 60) * 60 - (7 * 1440 - index) * 60;
    const day = 0.6 + 0.4 * Math.sin(((time % 86_400) / 86_400 - 0.3) * 2 * Math.PI);
    const isOff = index > 3000 && index < 3500;
    const objects = Math.round(12 * day * (0.4 + random()));
    return {
      time,
      peers: isOff ? 0 : Math.round(7 + 4 * day + random()),
      bytesReceived: isOff ? 0 : Math.round(objects * 5200 * (0.5 + random())),
      bytesSent: isOff ? 0 : Math.round(objects * 2600 * (0.5 + random())),
      objectsReceived: isOff ? 0 : objects,
      objectsSent: isOff ? 0 : Math.round(objects * 0.55),
      working: index % 331 < 6 ? 0.9 : index % 97 < 2 ? 0.4 : 0,
    };
  });
}

export const LOG = [
  ["info", '12:06:40 info  node: connected peer="203.0.113.7:8444" agent="/PyBitmessage:0.6.3.2/"'],
  ["info", '12:06:41 info  pow: engine chosen engine="native-avx2" millionTrialsPerSecond=13.4'],
  ["warn", '12:31:02 warn  smtp: login failed user="anna" waitSeconds=1'],
  [
    "info",
    '13:02:13 info  messaging: delivered to="BM-2cTUyzueXNxTLJ4TVCs1yQfzSbcnmsPW6N" encoding=2 octets=1841',
  ],
  [
    "error",
    '13:44:50 error gateway: a delivery target has not taken a mail target="dovecot" error="connect ECONNREFUSED 127.0.0.1:24" attempt=3',
  ],
  ["info", '14:18:25 info  messaging: work begins outboxId="q8" expectedTrials=520000000'],
] as const;

/** What the control methods answer to that user: `new` has nothing yet. */
export function answers(user: string, authorityFile: string): Readonly<Record<string, unknown>> {
  const isNew = user === "new";
  const own = isNew ? IDENTITIES.slice(0, 1) : IDENTITIES;
  const server = (port: number) => ({
    host: isNew ? "localhost" : "mail.example.net",
    port,
    security: isNew ? "off" : "implicit",
  });
  return {
    "identity.list": isNew ? own : [...own, ...CHANS],
    "contact.list": isNew ? [] : CONTACTS,
    "app-password.list": isNew ? [] : APP_PASSWORDS,
    "subscription.list": isNew ? [] : SUBSCRIPTIONS,
    "queue.list": isNew ? [] : QUEUE,
    "client.settings": {
      user,
      domain: "bm.localhost",
      identities: own.map(({ address, label }) => ({ label, mail_address: `${address}@bm.localhost` })),
      imap: server(isNew ? 1143 : 993),
      smtp: server(isNew ? 1025 : 465),
      web: "http://localhost:8025/",
      autoconfig: isNew,
      authority_file: isNew ? null : authorityFile,
    },
    status: isNew ? NEW_STATUS : STATUS,
  };
}

export function queueEntry(id: unknown): QueueRow | undefined {
  return QUEUE.find((row) => row.id === id);
}
