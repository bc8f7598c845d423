/**
 * Number of the format in which documents are written, as `version` in each of them. An optional member more is no new format: other
 * versions of the app pass over it. A change that they would misread is one. Instances of two versions run side by side during a
 * deployment, so a release that reads a new format comes before the first that writes it.
 */
export const formatVersion = 1;

/** Whether this version of the app reads a document with this `version`. The first documents have none. */
export function isKnownFormat(version: unknown = formatVersion): boolean {
  return Number.isInteger(version) && Number(version) >= 1 && Number(version) <= formatVersion;
}
