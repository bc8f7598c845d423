import { sha256Base64Url } from "../core/encoding.ts";
import { lists } from "../http/field-values.ts";
import type { ResolvedSession } from "../session/resolve.ts";

type Fields = Readonly<Record<string, string>>;

/** An entity tag, weak or not (RFC 9110 section 8.8.3), with the mark that {@link markedAnswer} has put at its end. */
const markedTag = /((?:W\/)?"[^"]*)~([\w-]{8})"/g;

/**
 * The fields that change in an answer of an API with `Caching` set to `private`. The browser may keep an answer that has an
 * entity tag, and revalidates it before each use. The next person in the same browser would revalidate the copy of the one
 * before, and an API that numbers its versions would say that it is still valid. So the tag is marked with the session on its
 * way out.
 * @param said the API's `Cache-Control`, whose `no-store` always counts
 */
export function markedAnswer(session: ResolvedSession, said: string | null, { etag }: Fields): Fields {
  if (etag === undefined || !/^(?:W\/)?"[^"]*"$/.test(etag) || lists(said, "no-store")) return {};
  return { etag: `${etag.slice(0, -1)}~${markOf(session)}"`, "cache-control": "private, no-cache" };
}

/** The fields of a request to such an API, with its own entity tags, and without those of another session's copies. */
export function unmarkedRequest(session: ResolvedSession, fields: Fields): Fields {
  const { "if-none-match": noneMatch, "if-match": match, "if-range": range, ...others } = fields;
  const isForeign = [...(noneMatch ?? "").matchAll(markedTag)].some(([, , mark]) => mark !== markOf(session));
  // The date belongs to the same copy.
  const { "if-modified-since": _ofTheCopy, ...withoutDate } = others;
  return {
    ...(isForeign ? withoutDate : others),
    ...(noneMatch !== undefined && !isForeign && { "if-none-match": unmarked(noneMatch) }),
    ...(match !== undefined && { "if-match": unmarked(match) }),
    ...(range !== undefined && { "if-range": range.replace(`~${markOf(session)}"`, '"') }),
  };
}

function unmarked(tags: string): string {
  return tags.replaceAll(markedTag, '$1"');
}

function markOf({ sessionKey }: ResolvedSession): string {
  return sha256Base64Url("entity tags", sessionKey).slice(0, 8);
}
