import type { FuzzTarget } from "../target.js";
import { appTargets } from "./app.js";
import { httpTargets } from "./http.js";
import { imapTargets } from "./imap.js";
import { mailTargets } from "./mail.js";
import { networkTargets } from "./network.js";
import { protocolTargets } from "./protocol.js";
import { smtpTargets } from "./smtp.js";

export const allTargets: readonly FuzzTarget[] = [
  ...protocolTargets,
  ...networkTargets,
  ...mailTargets,
  ...imapTargets,
  ...smtpTargets,
  ...httpTargets,
  ...appTargets,
];
