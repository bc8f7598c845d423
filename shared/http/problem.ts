import type { HttpResponseInit } from "@azure/functions";
import {
  ApiSignInRequiredError,
  ProblemError,
  problemCodeOf,
  problemTypes,
  MethodNotAllowedError,
  SignInRequiredError,
} from "../core/errors.ts";
import { adviceFor, type Destination, type Link } from "./advice.ts";
import { html, joined, type Html } from "./html.ts";
import { page, type Site } from "./page.ts";
import type { Texts } from "../texts/texts.ts";
import { ownProblemField } from "./withheld-fields.ts";

const usualPauseSeconds = 2;

export interface Occurrence {
  /** Whether a person's navigation failed, rather than a program's call. */
  readonly wantsPage: boolean;
  /** The invocation's id, a UUID, by which an operator finds its log. */
  readonly id: string;
  /** Where the person was going; by default, the app's start. */
  readonly destination?: Destination;
  readonly site: Site;
  /** Whether the browser goes on by itself to the sign-in that the problem asks for. */
  readonly goesOn?: boolean;
}

/** The answer to a failed request: a page for a person's navigation, problem details (RFC 9457) for everything else. */
export function problemResponse(error: unknown, occurrence: Occurrence): HttpResponseInit {
  return occurrence.wantsPage ? problemPage(error, occurrence) : problemDetails(error, occurrence);
}

function problemDetails(error: unknown, { id }: Occurrence): HttpResponseInit {
  const code = problemCodeOf(error);
  const { status, title } = problemTypes[code];
  const claims = error instanceof SignInRequiredError ? error.claims : undefined;
  const api = apiOf(error);
  const body = {
    type: "about:blank",
    title,
    status,
    detail: detailOf(error),
    instance: `urn:uuid:${id}`,
    code,
    ...(claims !== undefined && { claims }),
    ...(api !== undefined && { api }),
  };
  return {
    status,
    headers: { "content-type": "application/problem+json", [ownProblemField]: code, ...fieldsOf(error, status) },
    body: JSON.stringify(body),
  };
}

function problemPage(error: unknown, occurrence: Occurrence): HttpResponseInit {
  const { id, site, destination = goingTo(site), goesOn = false } = occurrence;
  const code = problemCodeOf(error);
  const { status } = problemTypes[code];
  const { texts } = site;
  const { claims, api } = error instanceof SignInRequiredError ? error : {};
  const { text, links: usual } = adviceFor(code, { ...destination, claims, api }, site);
  const links = error instanceof ApiSignInRequiredError ? [signInFor(error, destination, site), ...usual] : usual;
  const [first] = links;
  if (goesOn && first) return { ...signingIn(first, site), status };
  const content = html`${text === undefined ? englishDetail(error, texts) : html`<p>${text}</p>`}
    <p class="actions">${joined(links.map(button))}</p>
    <p class="muted reference">${texts.reference} <code>${id}</code></p>`;
  const response = page({ title: texts.titles[code], content }, site);
  return { ...response, status, headers: { ...response.headers, ...fieldsOf(error, status) } };
}

function signingIn({ href }: Link, site: Site): HttpResponseInit {
  const { signingIn: texts, links } = site.texts;
  const content = html`<p>${texts.text}</p>
    <p class="actions"><a class="button" href="${href}">${links.goOn}</a></p>`;
  return page({ title: texts.title, content, goesTo: href, keepsFragment: true }, site);
}

function button({ href, text }: Link, index: number): Html {
  return html`<a class="${index === 0 ? "button" : "button secondary"}" href="${href}">${text}</a>`;
}

/** To the app's start. */
function goingTo({ basePath }: Site): Destination {
  return { to: `${basePath}/`, by: "going" };
}

function signInFor({ api }: ApiSignInRequiredError, { to }: Destination, { basePath, texts }: Site): Link {
  return {
    href: `${basePath}/auth/login?${new URLSearchParams({ api, returnUrl: to }).toString()}`,
    text: texts.links.goOn,
  };
}

function englishDetail(error: unknown, { language }: Texts): Html {
  const detail = detailOf(error);
  return /^en\b/i.test(language) ? html`<p>${detail}</p>` : html`<p lang="en">${detail}</p>`;
}

/** The API that the sign-in has to name. */
function apiOf(error: unknown): string | undefined {
  return error instanceof SignInRequiredError || error instanceof ApiSignInRequiredError ? error.api : undefined;
}

/** The text of a `ProblemError` may be shown; the text of any other error could hold anything. */
function detailOf(error: unknown): string {
  return error instanceof ProblemError ? error.message : "Try again in a moment.";
}

/** Header fields that tell programs what to do next. */
function fieldsOf(error: unknown, status: number): Record<string, string> {
  if (error instanceof MethodNotAllowedError) return { allow: error.allowed.join(", ") };
  // RFC 6750 section 3.
  if (status === 401 && problemCodeOf(error) === "token_invalid")
    return { "www-authenticate": 'Bearer error="invalid_token"' };
  if (status !== 503 && status !== 429) return {};
  const { retryAfterSeconds = usualPauseSeconds } = error instanceof ProblemError ? error : {};
  return { "retry-after": String(retryAfterSeconds) };
}
