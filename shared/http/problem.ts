import type { HttpResponseInit } from "@azure/functions";
import { ConditionError, conditionOf, conditions, SignInRequiredError } from "../errors.ts";
import { html } from "./html.ts";
import { page } from "./page.ts";

/** The answer to a failed request: a page for a person's navigation, problem details (RFC 9457) for everything else. */
export function problemResponse(error: unknown, wantsPage: boolean): HttpResponseInit {
  return wantsPage ? problemPage(error) : problemDetails(error);
}

function problemDetails(error: unknown): HttpResponseInit {
  const code = conditionOf(error);
  const { status, title } = conditions[code];
  const claims = error instanceof SignInRequiredError ? error.claims : undefined;
  const body = {
    type: "about:blank",
    title,
    status,
    detail: detailOf(error),
    code,
    ...(claims !== undefined && { claims }),
  };
  return {
    status,
    headers: { "content-type": "application/problem+json", ...retryAfter(status) },
    body: JSON.stringify(body),
  };
}

function problemPage(error: unknown): HttpResponseInit {
  const { status, title } = conditions[conditionOf(error)];
  const action = status === 401 ? { href: "/auth/login", text: "Sign in" } : { href: "/", text: "Back to the app" };
  const content = html`<p>${detailOf(error)}</p>
    <p class="actions"><a class="button" href="${action.href}">${action.text}</a></p>`;
  const response = page({ title, content });
  return { ...response, status, headers: { ...response.headers, ...retryAfter(status) } };
}

/** Only conditions explain themselves; what is unforeseen may hold anything. */
function detailOf(error: unknown): string {
  return error instanceof ConditionError ? error.message : "Try again in a moment.";
}

function retryAfter(status: number): Record<string, string> {
  return status === 503 ? { "retry-after": "2" } : {};
}
