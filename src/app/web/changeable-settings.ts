/**
 * The settings that a login of the page may change. All others are for whoever may write the file: a stolen session must not become
 * more than a session. Not on the list, and so not changeable, is whatever
 * - runs a program or makes the bridge read a file (api.notify_path, [[delivery]], the ..._file settings, keys),
 * - sends mail or passwords elsewhere, or lets others in without one (smtp.relay..., smtp.trusted_..., mail.addresses, api),
 * - opens a way in from the network or closes the one to this page (the listen and tls settings, relay_only, mail.domain),
 * - takes away what hides the person on the network (proxy, onion, trusted_peer, connect, bootstrap, dandelion, tls, ack_delay,
 *   user_agent, port_mapping, lan_discovery),
 * - decides whose data these are (network).
 * A setting that is new is not on the list until somebody has thought about it.
 */
export const CHANGEABLE: ReadonlySet<string> = new Set([
  "node.max_outbound",
  "node.max_inbound",
  "node.upload_limit",
  "node.download_limit",
  "node.max_inventory",
  "imap.layout",
  "web.autoconfig",
  "mail.expire_days",
  "send.ttl",
  "send.max_work",
  "send.delay_warning",
  "send.delivered_reports",
  "send.give_up_after",
  "send.thread_headers",
  "send.attachments",
  "send.auto_reply_limit",
  "handover.retry_after",
  "handover.delay_warning",
  "handover.give_up_after",
  "pow.engine",
  "pow.threads",
  "log.level",
  "log.format",
]);
