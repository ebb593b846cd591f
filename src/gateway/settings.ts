/** What a person may set about mail. */
export interface GatewaySettings {
  /** What stands behind the at sign of our addresses. */
  readonly domain: string;
  /** Whether Message-ID and References go along in simple encoding. */
  readonly threadHeaders: "on" | "off";
  /** How attachments travel: in extended encoding, as the older form within the text, or not at all. */
  readonly attachments: "extended" | "inline" | "refuse";
  /** Seconds after which a report says that the recipient's key is still missing; 0 for never. */
  readonly delayWarning: number;
  /** Whether a report tells of each delivery, or of those for which the mail asks. */
  readonly deliveredReports: "always" | "requested";
  /** Automatic answers that one correspondent gets within an hour; 0 for no limit. */
  readonly autoReplyLimit: number;
}
