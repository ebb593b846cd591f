/** The mail clients that settings can be made for. */
export const MAIL_CLIENTS = [
  "thunderbird",
  "apple",
  "outlook",
  "k9",
  "mutt",
  "neomutt",
  "mbsync",
  "msmtp",
  "aerc",
] as const;

export type MailClient = (typeof MAIL_CLIENTS)[number];
