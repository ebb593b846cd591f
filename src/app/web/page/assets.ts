/** The files of the page; nothing else is ever read from the disk. */
import { readFileSync } from "node:fs";
import type { HttpResponse } from "../../../http/message.js";

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

const NAMES = ["style.css", "live.js", "icon.svg"];

const ASSETS = new Map(
  NAMES.map((name) => [
    `/assets/${name}`,
    {
      body: readFileSync(new URL(`../assets/${name}`, import.meta.url)),
      type: TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "text/plain",
    },
  ]),
);

export function findAsset(path: string): HttpResponse | null {
  const asset = ASSETS.get(path);
  if (asset === undefined) return null;
  const headers = { "Content-Type": asset.type, "Cache-Control": "private, max-age=300" };
  return { status: 200, headers, body: asset.body };
}
