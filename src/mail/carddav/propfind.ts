/** PROPFIND and PROPPATCH (RFC 4918 sections 9.1 and 9.2). */
import type { HttpResponse } from "../../http/message.js";
import { HttpError } from "../../http/message.js";
import { DavError } from "./dav-error.js";
import { FORBIDDEN, multistatus, propertyResponse } from "./multistatus.js";
import { type PropertyName, propertyNames, readProperty } from "./properties.js";
import type { Resource, Resources } from "./resources.js";
import { child, DAV, node, type XmlElement, type XmlNode } from "./xml.js";

/** @param request null for an empty body, which asks for all */
export function propfind(
  resource: Resource,
  resources: Resources,
  request: XmlElement | null,
  depth: string | null,
): HttpResponse {
  if (request !== null && (request.namespace !== DAV || request.name !== "propfind"))
    throw new HttpError(400, "This is no propfind.");
  if (depth !== "0" && depth !== "1") {
    // Without the header it is infinity.
    throw new DavError(403, DAV, "propfind-finite-depth");
  }
  const asked = depth === "0" ? [resource] : [resource, ...resources.members(resource)];
  return multistatus(asked.map((one) => describe(one, resources, request)));
}

function describe(resource: Resource, resources: Resources, request: XmlElement | null): XmlNode {
  const href = resources.href(resource);
  if (request !== null && child(request, DAV, "propname") !== null) {
    const names = propertyNames(resource, resources, "all").map(({ namespace, name }) =>
      node(namespace, name),
    );
    return propertyResponse(href, names, []);
  }
  const isNamed = request !== null && child(request, DAV, "prop") !== null;
  const names = isNamed ? propertiesIn(request) : propertyNames(resource, resources, "common");
  return describeProperties(resource, resources, names);
}

/** No client knows a quarter of that. */
const MOST_PROPERTIES = 200;

/** What the DAV:prop of a request names; each is answered for each resource. @throws HttpError 400 */
export function propertiesIn(request: XmlElement): readonly XmlElement[] {
  const wanted = child(request, DAV, "prop")?.children ?? [];
  if (wanted.length > MOST_PROPERTIES) throw new HttpError(400, "That are too many properties.");
  return wanted;
}

/** The DAV:response of a resource with these properties, as far as it has them. */
export function describeProperties(
  resource: Resource,
  resources: Resources,
  names: readonly PropertyName[],
  more: readonly XmlNode[] = [],
): XmlNode {
  const found: XmlNode[] = [];
  const missing: PropertyName[] = [];
  for (const name of names) {
    const content = readProperty(name, resource, resources);
    if (content === null) missing.push(name);
    else found.push(node(name.namespace, name.name, ...content));
  }
  return propertyResponse(resources.href(resource), [...found, ...more], missing);
}

/** No property can be changed: each is answered so. */
export function proppatch(
  resource: Resource,
  resources: Resources,
  request: XmlElement | null,
): HttpResponse {
  if (request?.namespace !== DAV || request.name !== "propertyupdate")
    throw new HttpError(400, "This is no propertyupdate.");
  const names = request.children.flatMap((change) => child(change, DAV, "prop")?.children ?? []);
  return multistatus([propertyResponse(resources.href(resource), [], names, FORBIDDEN)]);
}
