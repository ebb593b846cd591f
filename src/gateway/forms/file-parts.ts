import MimeNode from "nodemailer/lib/mime-node";
import type { ContentFile } from "../../bitmessage/protocol/content.js";
import { harmlessFileName } from "./harmless.js";

const TYPE = /^(application|audio|font|image|model|text|video)\/[a-z0-9][a-z0-9.+_-]{0,80}$/;
/** Clients may show these within the text; anything else is a file that a person opens. */
const SHOWN_INLINE = /^(?:image\/(?:png|jpeg|gif|webp|avif|heic|bmp)|audio\/|video\/|text\/plain$)/;
const UNKNOWN_TYPE = "application/octet-stream";

/** The most files that one mail gets; a message can hold no more that are worth it. */
export const MOST_FILES = 200;

/** A file from a stranger as a part of a mail: base64, under a harmless name and a type that is only a type. */
export function filePart(file: ContentFile, number: number): MimeNode {
  const type = readType(file.type);
  const filename = harmlessFileName(file.name, `part-${number}`);
  const shown = file.disposition === "inline" && SHOWN_INLINE.test(type);
  const node = new MimeNode(type, { filename, disableFileAccess: true, disableUrlAccess: true });
  node.setHeader("Content-Disposition", shown ? "inline" : "attachment");
  node.setHeader("Content-Transfer-Encoding", "base64");
  node.setContent(Buffer.from(file.data));
  return node;
}

/** Multiparts and messages would let a stranger choose the mail's structure; parameters are left out. */
function readType(type: string): string {
  const essence = (type.slice(0, 200).split(";", 1)[0] ?? "").trim().toLowerCase();
  return TYPE.test(essence) ? essence : UNKNOWN_TYPE;
}
