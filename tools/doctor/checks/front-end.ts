import { notChecked, ok, warning, type Finding } from "../finding.ts";
import { get, type Answer } from "../request.ts";

const name = "Odd headers";

/** UTF-8 of two characters above U+00FF, with each byte as a character, as a neighbour's cookie may hold them. */
const cookie = Buffer.from("doctor=日本").toString("latin1");

/**
 * What happens to a request with a character above U+00FF in a header. The Functions host answers it with an empty 500
 * before it calls the app, so the front end should refuse it with an explanation, or remove the header.
 */
export async function checkFrontEnd(baseUrl: string): Promise<Finding> {
  const url = `${baseUrl}/healthz`;
  const plain = await attempt(url);
  if (plain?.status !== 200) return notChecked(name, "the app does not answer an ordinary request either");
  const odd = await attempt(url, { cookie });
  if (odd?.status === 200) return ok(name, "a header that the host cannot take does not reach the host");
  if (odd !== undefined && odd.status >= 400 && odd.status < 500) {
    return ok(name, `a header that the host cannot take is refused with ${odd.status} before it reaches the host`);
  }
  const seen = odd === undefined ? "no answer" : `an empty ${odd.status}`;
  return warning(
    name,
    `a request with a character above U+00FF in a header, such as another site's cookie, gets ${seen}`,
    'Have the front end refuse such requests: see "Everything is an empty 500" in docs/troubleshooting.md',
  );
}

async function attempt(url: string, headers?: Readonly<Record<string, string>>): Promise<Answer | undefined> {
  return get(url, headers).catch(() => undefined);
}
