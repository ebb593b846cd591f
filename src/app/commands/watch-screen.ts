/** What `status --watch` shows: one screen of lines, as wide and as high as the terminal. */
import { type QueueRow, type Status, stateText, statusLines, table } from "./text.js";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Bytes and objects in a second, from two looks. */
export interface Rates {
  readonly received: number;
  readonly sent: number;
  readonly objects: number;
}

/** Null before the second look, or when the node has been started anew meanwhile. */
export function ratesBetween(before: Status | null, now: Status, seconds: number): Rates | null {
  if (before === null || seconds <= 0 || now.uptime_seconds < before.uptime_seconds) return null;
  const grown = (name: "bytes_received" | "bytes_sent" | "objects_received") =>
    Math.max(0, now.traffic[name] - before.traffic[name]) / seconds;
  return { received: grown("bytes_received"), sent: grown("bytes_sent"), objects: grown("objects_received") };
}

const UNDER_WAY = new Set(["queued", "awaiting-pubkey", "proof-of-work", "sent"]);
const BAR = 24;

/** No line is longer than the terminal is wide, and there are no more lines than it is high; the last one tells how to end. */
export function screen(
  { status, queue, rates }: { status: Status; queue: readonly QueueRow[]; rates: Rates | null },
  { columns, rows }: Size,
): string[] {
  const [up = "", ...others] = statusLines({ ...status, peers: [] });
  const lines = [up, ...others.filter((line) => !line.startsWith("peers")), trafficLine(status, rates)];
  const onTheWay = queue.filter(({ state }) => UNDER_WAY.has(state));
  if (onTheWay.length > 0) lines.push("", "ON THEIR WAY", ...table(onTheWay.map(queueCells)));
  lines.push("", `PEERS ${status.peers.length}`, ...table(status.peers.map(peerCells)));
  const shown = lines.length < rows ? lines : [...lines.slice(0, Math.max(0, rows - 2)), "..."];
  return [...shown, "q to end"].slice(-Math.max(1, rows)).map((line) => clip(line, columns));
}

function trafficLine({ traffic }: Status, rates: Rates | null): string {
  const pending = traffic.objects_pending > 0 ? `, ${traffic.objects_pending} objects to come` : "";
  if (rates === null) return `traffic      measured next${pending}`;
  const { received, sent, objects } = rates;
  return `traffic      ${perSecond(received)} in, ${perSecond(sent)} out, ${objects.toFixed(1)} objects/s${pending}`;
}

function perSecond(bytes: number): string {
  return bytes < 1000 ? `${Math.round(bytes)} B/s` : `${(bytes / 1000).toFixed(1)} kB/s`;
}

function queueCells(row: QueueRow): string[] {
  return [stateText(row), row.progress === null ? "" : bar(row.progress), row.to, row.subject];
}

/** ASCII, which every terminal has. */
function bar(share: number): string {
  const done = Math.max(0, Math.min(BAR, Math.round(share * BAR)));
  return `[${"#".repeat(done)}${".".repeat(BAR - done)}]`;
}

function peerCells({ address, inbound, tls, user_agent }: Status["peers"][number]): string[] {
  return [address, inbound ? "in" : "out", tls ? "tls" : "plain", user_agent];
}

/** What peers and correspondents have written moves no cursor and takes one column for each character. */
function clip(line: string, columns: number): string {
  const plain = [...line].map((character) => (/[\p{C}\p{M}\p{Zl}\p{Zp}]/u.test(character) ? "?" : character));
  let width = 0;
  let text = "";
  for (const character of plain) {
    width += isWide(character) ? 2 : 1;
    if (width > columns) break;
    text += character;
  }
  return text;
}

/** East Asian wide and fullwidth forms, and pictures. */
function isWide(character: string): boolean {
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u.test(
    character,
  );
}
