import type { HttpHandler, HttpResponseInit } from "@azure/functions";
import type { ConfigurationError } from "../shared/configuration/configuration.ts";
import { ProblemError } from "../shared/core/errors.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { textsFor, type Languages } from "../shared/texts/language.ts";
import { wantsPage, type Site } from "../shared/http/page.ts";
import { problemResponse } from "../shared/http/problem.ts";
import { withDefaults } from "../shared/http/security-headers.ts";
import { healthz, readyz } from "./health.ts";

/** What the error pages need to know. */
type Pages = Omit<Site, "texts"> & { readonly languages: Languages };

/**
 * Handlers for an app whose settings are broken. The log says once which settings are, and what they expect; `/readyz` says so
 * whenever it is asked. `/healthz` answers as usual, and everything else 503 `configuration_invalid`. Only names of settings
 * are told, never their values.
 */
export function misconfigured(
  error: ConfigurationError,
  { languages, ...about }: Pages,
): (definition: FunctionDefinition) => HttpHandler {
  process.stderr.write(`configuration_invalid: the app cannot start its work\n${indent(error.message)}\n`);
  const unavailable = new ProblemError(
    "configuration_invalid",
    "The people who run this app find the settings to correct at /readyz.",
  );

  return (definition) =>
    async (request, { invocationId: id }) => {
      const response = answer(definition);
      return { ...response, headers: withDefaults(response.headers, "") };

      function answer({ name }: FunctionDefinition): HttpResponseInit {
        if (name === healthz.name) return { jsonBody: { status: "ok" } };
        if (name === readyz.name) return notReady(error);
        const site = { ...about, texts: textsFor(request, languages) };
        return problemResponse(unavailable, { wantsPage: wantsPage(request), id, site });
      }
    };
}

function notReady({ problems }: ConfigurationError): HttpResponseInit {
  return {
    status: 503,
    jsonBody: { status: "not ready", checks: { configuration: "configuration_invalid" }, problems, warnings: [] },
  };
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}
