/**
 * Why bytes, keys or texts are refused. The words are those of the published test vectors
 * (PROTOCOL.md section 17 names them in the order of the checks), plus a few of our own at the end.
 */
export type ProtocolErrorCode =
  // numbers, texts, addresses and keys
  | "bad_checksum"
  | "bad_prefix"
  | "invalid_character"
  | "malformed_varint"
  | "negative"
  | "non_canonical"
  | "non_canonical_varint"
  | "passphrase_does_not_match_address"
  | "ripe_has_leading_zero"
  | "ripe_too_long"
  | "ripe_too_short"
  | "too_large"
  | "truncated"
  | "unsupported_version"
  | "wrong_length"
  // signatures and encryption
  | "bad_ciphertext_length"
  | "bad_coordinate_length"
  | "bad_padding"
  | "bad_signature"
  | "decryption_failed"
  | "invalid_point"
  | "invalid_public_key"
  | "mac_mismatch"
  | "malformed_der"
  | "no_key_decrypts"
  | "out_of_range"
  | "signature_mismatch"
  | "unsupported_curve"
  // packets and the handshake
  | "bad_command_padding"
  | "bad_magic"
  | "command_before_handshake"
  | "connected_to_self"
  | "no_common_stream"
  | "payload_too_long"
  | "protocol_too_old"
  | "time_offset"
  | "too_many_entries"
  // objects
  | "duplicate"
  | "expired"
  | "expires_too_far_ahead"
  | "insufficient_pow"
  | "invalid_stream"
  | "object_too_large"
  | "stream_not_ours"
  | "too_long"
  | "too_short"
  // pubkey requests and pubkeys
  | "answered_recently"
  | "chan_ignored"
  | "not_awaited"
  | "not_for_us"
  | "owner_unknown"
  | "ripe_mismatch"
  | "version_mismatch"
  // messages and broadcasts
  | "blacklisted"
  | "demanded_pow_not_met"
  | "destination_ripe_mismatch"
  | "duplicate_signature"
  | "keys_do_not_match_decryption_key"
  | "not_subscribed"
  | "not_whitelisted"
  | "plaintext_too_short"
  | "sender_stream_0"
  | "sender_version_0"
  | "sender_version_does_not_fit_broadcast_version"
  | "sender_version_unsupported"
  | "stream_mismatch"
  | "tag_mismatch"
  | "unsupported_broadcast_version"
  | "unsupported_msg_version"
  // message contents
  | "corrupt_zlib"
  | "encoding_0"
  | "malformed_extended"
  | "malformed_msgpack"
  | "no_type"
  | "not_a_map"
  | "too_deep"
  | "too_large_inflated"
  | "unknown_encoding"
  | "unknown_extended_type"
  | "unknown_type"
  // ours
  | "bad_ack"
  | "invalid_argument"
  | "invalid_hex"
  | "invalid_host"
  | "invalid_private_key"
  | "wrong_object_type";

/**
 * The only error that the parsers of this room throw. Its text never contains keys or contents.
 */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";

  constructor(
    readonly code: ProtocolErrorCode,
    text?: string,
  ) {
    super(text === undefined ? code : `${code}: ${text}`);
  }
}
