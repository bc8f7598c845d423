import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { inertType } from "../http/destination.ts";
import { fieldsForBrowser } from "../http/forwarded-fields.ts";
import type { ResolvedSession } from "../session/resolve.ts";
import { fieldOf, type ApiAnswer } from "./exchange.ts";
import { withLocations } from "./location.ts";
import { markedAnswer } from "./private-caching.ts";

/**
 * The fields that an API's answer goes to the browser with.
 * @param target what the API was asked for
 * @param asked fields of the browser's request
 */
export function answerFields(
  answer: ApiAnswer,
  api: DownstreamApiConfiguration,
  session: ResolvedSession,
  target: URL,
  asked: Headers,
): Record<string, string> {
  const fields = fieldsForBrowser(withLocations(answer.fields, api, target));
  const type = fields["content-type"];
  return {
    ...fields,
    ...(type !== undefined && { "content-type": inertType(asked, type) }),
    ...markedAnswer(api, session, fieldOf(answer, "cache-control"), fields),
    ...lengthField(answer),
  };
}

/** The length of what follows, or would follow on GET. Without it there is no progress of a download. */
function lengthField(answer: ApiAnswer): Record<string, string> {
  const value = fieldOf(answer, "content-length");
  const hasNone = answer.status === 204 || answer.status === 205;
  return value === null || hasNone ? {} : { "content-length": value };
}
