// Loaded into a node (NODE_OPTIONS=--import=...) that measures how fast things are, not how long they are kept back on purpose. BUILD: the
// built checkout.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const path = join(process.env.BUILD, "src/bitmessage/node/timings.js");
const { DEFAULT_TIMINGS } = await import(pathToFileURL(path).href);
DEFAULT_TIMINGS.announceDelay = 0;
