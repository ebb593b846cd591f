import { MemoryBackend } from "../../../src/mail/imap/memory-backend.js";
import { describeBackend } from "./backend-contract.js";

describeBackend("in memory", () => ({
  backend: new MemoryBackend({ users: { alice: "secret" } }),
  username: "alice",
  password: "secret",
  close: () => {},
}));
