import type { StorageFault } from "../store/storage-fault.js";

/** For people: sentences without their full stops. */
export const STORAGE_TEXTS: Readonly<Record<StorageFault, string>> = {
  full: "The disk of the bridge is full: nothing new can be kept until there is room",
  "read-only": "The disk of the bridge is read-only: nothing new can be kept until it can be written to",
  failing: "The disk of the bridge fails: something could not be read or written",
  damaged:
    "The database of the bridge is damaged: some of it cannot be read. Starting the bridge again saves what can be",
};
